; P5 Availability: a scale-down happens only if enough pods are known to be ready, and leaves them.
(assert checked)
(define-fun v () Int (unforced wish))
(push)
(assert has_demand)
(assert (> floor 0))
(assert (< v replicas))
(set-info :status sat)
(check-sat)
(pop)

; What is not forced obeys, and so does an action between the replicas and it.
(push)
(assert (not (p5 v)))
(set-info :status unsat)
(check-sat)
(pop)
(declare-const a Int)
(push)
(assert (and (<= (smaller replicas v) a) (<= a (larger replicas v))))
(assert (not (p5 a)))
(check-sat)
(pop)

; Kubernetes removes pods that are not ready first: of `a` replicas at least min(ready, a) remain ready.
(assert (< v replicas))
(assert (not (>= (smaller ready v) floor)))
(check-sat)
