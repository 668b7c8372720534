; One service at one decision: what goes in, and what the pre-shield makes of it.

; ServiceLimits, and the budget's share of it
(declare-const min Int)
(declare-const max Int)
(declare-const up_pods Int)
(declare-const up_percent Int)
(declare-const down_pods Int)
(declare-const down_percent Int)
(declare-const cooldown Int)
(declare-const share Int)
(declare-const min_available Int)
(declare-const limits_unavailable Bool)
(declare-const max_unavailable Int)
(declare-const has_demand Bool)
(declare-const per_replica Int)
(declare-const most_demand Int)
(declare-const has_growth Bool)
(declare-const per_second Int)
(declare-const lead Int)
(declare-const peak Int)
(declare-const stale_after Int)
(declare-const reversals Int)
(declare-const target Int)
(declare-const tolerance Int)
; Memory: the extremes of its windows (neutral where a window is empty), and the turns within theirs
(declare-const lowest_level Int)
(declare-const highest_level Int)
(declare-const highest_wish Int)
(declare-const lowest_wish Int)
(declare-const has_added Bool)
(declare-const since_added Int)
(declare-const direction Int)
(declare-const turns Int)
; ServiceState and Cluster
(declare-const replicas Int)
(declare-const ready_kind Int)
(declare-const ready Int)
(declare-const ready_age Int)
(declare-const demand_kind Int)
(declare-const demand Int)
(declare-const demand_age Int)
(declare-const usage_kind Int)
(declare-const usage Int)
(declare-const usage_age Int)
(declare-const request_kind Int)
(declare-const request Int)
(declare-const request_age Int)
(declare-const own_pause_up Bool)
(declare-const own_pause_down Bool)
(declare-const all_pause_up Bool)
(declare-const all_pause_down Bool)
(declare-const trusted Bool)
(declare-const proposal_kind Int)
(declare-const proposal Int)
(declare-const proposal_age Int)

; What LimitParams::check guarantees, the ranges of types, and what memory keeps true (`remembered`: P9 proves it).
(define-fun checked () Bool (and
  (<= 0 min) (<= min share) (<= share max) (<= max most_replicas)
  (=> (and has_demand has_growth) (<= (peak_need peak per_replica) share))
  (<= 0 up_pods) (<= 0 down_pods) (<= 0 cooldown) (<= 0 min_available) (<= 0 max_unavailable)
  (<= min_available most_replicas) (<= 2 reversals) (<= reversals 8) (<= 1 target) (<= 1 per_replica)
  (<= 0 replicas) (<= replicas most_replicas) (<= 0 ready) (<= 0 ready_age)
  (<= 0 lowest_level) (<= lowest_level most_replicas) (<= 0 highest_level) (<= highest_level most_replicas)
  (<= 0 lowest_wish) (<= lowest_wish most_replicas) (<= 0 highest_wish) (<= highest_wish most_replicas)
  (<= 0 since_added) (<= 0 direction) (<= direction 2) (<= 0 turns) (<= 0 proposal)))
(define-fun kept_true ((towards Int) (count Int)) Bool (and
  (<= count reversals) (=> (= towards 2) (<= count (- reversals 1))) (=> (= towards 0) (= count 0))))
(define-fun remembered () Bool (kept_true direction turns))

; source.rs
(define-fun ready_defect () Int (fresh ready_kind ready ready_age stale_after most_replicas))
(define-fun demand_defect () Int
  (ite has_demand (fresh demand_kind demand demand_age stale_after most_demand) 0))
(define-fun in_order () Int (situation ready_defect demand_defect trusted))
(define-fun has_baseline () Bool (and
  (= ready_defect 0)
  (= 0 (fresh usage_kind usage usage_age stale_after 18446744073709551615))
  (= 0 (fresh request_kind request request_age stale_after 18446744073709551615))
  (> request 0)))
(define-fun choose ((kind Int) (value Int) (age Int)) Int
  (ite (= 0 (listen (fresh kind value age stale_after most_replicas) in_order))
    value
    (ite has_baseline (baseline ready usage request target tolerance replicas) replicas)))
(define-fun cause () Int (listen (fresh proposal_kind proposal proposal_age stale_after most_replicas) in_order))
(define-fun followed () Int (source cause has_baseline))
(define-fun wish () Int (choose proposal_kind proposal proposal_age))

; chain.rs: the clamps
(define-fun pause_up () Bool (or own_pause_up all_pause_up))
(define-fun pause_down () Bool (or own_pause_down all_pause_down))
(define-fun cooling () Bool (and has_added (< since_added cooldown)))
(define-fun known () Bool (and (= ready_defect 0) (= demand_defect 0)))
(define-fun floor () Int
  (larger min_available
    (ite (and has_demand known) (needs demand demand_age 0 (ite has_growth per_second 0) per_replica) 0)))
(define-fun promised () Int ; g of P10
  (ite (and has_demand has_growth (= demand_defect 0))
    (smaller (needs demand demand_age lead per_second per_replica) (peak_need peak per_replica))
    0))
(define-fun lowest () Int (smaller lowest_level replicas)) ; m of P2
(define-fun highest () Int (larger highest_level replicas)) ; M of P2
(define-fun up_allowed () Int (allowance up_pods up_percent lowest))
(define-fun down_allowed () Int (allowance down_pods down_percent highest))

; chain.rs: Chain::pass up to bounds and pause, force
(define-fun rated ((x Int)) Int
  (clamp x (rate_lo highest down_allowed replicas) (rate_hi lowest up_allowed replicas)))
(define-fun unforced ((wish Int)) Int
  (let ((calm (larger wish (oscillation_lo (may_fall direction turns reversals) replicas))))
    (let ((free (clamp calm
        (stabilization_lo cooling highest_wish replicas) (stabilization_hi lowest_wish replicas))))
      (let ((available (larger free (availability_lo known ready floor limits_unavailable max_unavailable replicas))))
        (rated (larger available promised))))))
(define-fun force ((x Int)) Int
  (clamp (clamp x min max) (hold_lo pause_down replicas) (hold_hi pause_up replicas)))
(define-fun pass ((wish Int)) Int (force (unforced wish)))
(define-fun insisted () Int (force 0))
(define-fun held () Int (kept share (force replicas))) ; kernel.rs: admitted

; docs/safety.md: the properties of one service, of an action `a` or of what was not forced, `v`
(define-fun p1 ((a Int)) Bool
  (or (and (<= min a) (<= a max))
    (and (= a replicas) (or (and pause_down (> replicas max)) (and pause_up (< replicas min))))))
(define-fun p2 ((v Int)) Bool (and
  (=> (> v replicas) (<= v (+ lowest up_allowed)))
  (=> (< v replicas) (>= v (- highest down_allowed)))))
(define-fun p3 ((v Int)) Bool (and
  (=> (< v replicas) (and (=> has_added (>= since_added cooldown)) (>= v highest_wish)))
  (=> (> v replicas) (<= v (larger lowest_wish promised)))))
(define-fun p5 ((v Int)) Bool ; both ready and v carry the floor
  (=> (< v replicas) (and
    known (<= floor (smaller ready v))
    (=> limits_unavailable (<= (+ (- replicas v) (minus replicas ready)) max_unavailable)))))
(define-fun p9 ((v Int)) Bool
  (=> (< v replicas) (<= (+ turns (ite (is_reversal direction 2) 1 0)) (- reversals 1))))
(define-fun p10 ((v Int)) Bool (>= v (smaller promised (larger replicas (+ lowest up_allowed)))))
(define-fun p11 ((a Int)) Bool (and (=> pause_up (<= a replicas)) (=> pause_down (>= a replicas))))
