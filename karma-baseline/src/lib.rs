//! Rule-based autoscalers: the Kubernetes HPA exactly, static, threshold, random and a clairvoyant oracle.
