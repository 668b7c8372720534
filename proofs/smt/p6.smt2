; P6 Freshness: a proposal that is not listened to has no influence.
(assert checked)
(declare-const other_kind Int)
(declare-const other Int)
(declare-const other_age Int)
(define-fun listened ((kind Int) (value Int) (age Int)) Bool (and
  (= kind 2) (<= value most_replicas) (<= age stale_after)
  (= ready_kind 2) (<= ready most_replicas) (<= ready_age stale_after)
  (=> has_demand (and (= demand_kind 2) (<= demand most_demand) (<= demand_age stale_after)))
  trusted))
(define-fun is_reading ((kind Int)) Bool (and (<= 0 kind) (<= kind 2)))
(assert (and (is_reading proposal_kind) (is_reading other_kind) (is_reading ready_kind) (is_reading demand_kind)))
(push)
(assert (not (listened proposal_kind proposal proposal_age)))
(assert (not (listened other_kind other other_age)))
(assert (not (= proposal other)))
(set-info :status sat)
(check-sat)

; The wish is all that a proposal acts by.
(push)
(assert (not (= wish (choose other_kind other other_age))))
(set-info :status unsat)
(check-sat)
(pop)
; Then the HPA formula decides or nobody does, and who decides does not depend on the proposal either.
(push)
(assert (not (= wish (ite has_baseline (baseline ready usage request target tolerance replicas) replicas))))
(check-sat)
(pop)
(assert (not (= followed (ite has_baseline 1 2))))
(check-sat)
(pop)

; One that is listened to is the wish.
(push)
(assert (listened proposal_kind proposal proposal_age))
(set-info :status sat)
(check-sat)
(assert (not (and (= wish proposal) (= followed 0))))
(set-info :status unsat)
(check-sat)
(pop)

; Where ready pods or demand are not known, nothing goes down, and nothing up beyond the wish but what P10 raises.
(assert (not known))
(assert (not (and (>= (unforced wish) replicas) (<= (unforced wish) (larger (larger wish replicas) promised)))))
(check-sat)
