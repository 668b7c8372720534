; The kernel of karma-shield over unbounded integers, function by function and by the same names. The agreement runs
; this very text beside the Rust code.
;
; A truth that Rust tells by an enum is a number here: a defect is 0 for none, 1 missing, 2 invalid, 3 stale; a cause is
; 0 for none, 40 distrusted, 10, 20 and 30 plus the defect of proposal, ready pods and demand; a source is 0 policy,
; 1 baseline, 2 hold; a direction is 0 for none yet, 1 up, 2 down.

(define-fun most_replicas () Int 4294967295) ; u32::MAX
(define-fun smaller ((a Int) (b Int)) Int (ite (<= a b) a b))
(define-fun larger ((a Int) (b Int)) Int (ite (>= a b) a b))
(define-fun minus ((a Int) (b Int)) Int (larger 0 (- a b))) ; saturating_sub
(define-fun over_up ((a Int) (b Int)) Int (div (+ a (- b 1)) b)) ; div_ceil
(define-fun clamp ((x Int) (lo Int) (hi Int)) Int (smaller (larger x lo) hi)) ; Clamp::apply

; reading.rs: Reading::fresh, of a kind 0 missing, 1 invalid, 2 value.
(define-fun fresh ((kind Int) (value Int) (age Int) (stale_after Int) (most Int)) Int
  (ite (= kind 0) 1
  (ite (= kind 1) 2
  (ite (> value most) 2
  (ite (> age stale_after) 3 0)))))

; source.rs
(define-fun situation ((ready_defect Int) (demand_defect Int) (trusted Bool)) Int
  (ite (> ready_defect 0) (+ 20 ready_defect)
  (ite (> demand_defect 0) (+ 30 demand_defect)
  (ite trusted 0 40))))
(define-fun listen ((proposal_defect Int) (situation Int)) Int
  (ite (> proposal_defect 0) (+ 10 proposal_defect) situation))
(define-fun desired ((ready Int) (utilization Int) (target Int) (tolerance Int) (replicas Int)) Int
  (let ((off (ite (>= utilization target) (- utilization target) (- target utilization))))
    (ite (<= (* off 1000) (* tolerance target))
      replicas
      (smaller most_replicas (over_up (* ready utilization) target)))))
(define-fun baseline ((ready Int) (usage Int) (request Int) (target Int) (tolerance Int) (replicas Int)) Int
  (desired ready (div (* usage 100) request) target tolerance replicas))
(define-fun source ((cause Int) (has_baseline Bool)) Int (ite (= cause 0) 0 (ite has_baseline 1 2)))

; limits/mod.rs: Rate::allowance, DemandLimits::needs; limits/check.rs: peak_need.
(define-fun allowance ((pods Int) (percent Int) (start Int)) Int
  (larger pods (smaller most_replicas (div (+ (* start percent) 99) 100))))
(define-fun needs ((demand Int) (age Int) (ahead Int) (per_second Int) (per_replica Int)) Int
  (let ((grown (div (+ (* per_second (+ age ahead)) 999) 1000)))
    (smaller most_replicas (over_up (+ demand grown) per_replica))))
(define-fun peak_need ((peak Int) (per_replica Int)) Int (smaller most_replicas (over_up peak per_replica)))

; chain.rs: the ends of each clamp that are not 0 or u32::MAX.
(define-fun oscillation_lo ((may_fall Bool) (replicas Int)) Int (ite may_fall 0 replicas))
(define-fun stabilization_lo ((cooling Bool) (highest_wish Int) (replicas Int)) Int
  (ite cooling replicas (smaller highest_wish replicas)))
(define-fun stabilization_hi ((lowest_wish Int) (replicas Int)) Int (larger lowest_wish replicas))
(define-fun availability_lo
  ((known Bool) (ready Int) (floor Int) (limited Bool) (max_unavailable Int) (replicas Int)) Int
  (ite (or (not known) (< ready floor))
    replicas
    (larger (smaller floor replicas)
      (ite limited (minus replicas (minus max_unavailable (minus replicas ready))) 0))))
(define-fun rate_lo ((highest Int) (allowed Int) (replicas Int)) Int (smaller (minus highest allowed) replicas))
(define-fun rate_hi ((lowest Int) (allowed Int) (replicas Int)) Int
  (larger (smaller most_replicas (+ lowest allowed)) replicas))
(define-fun hold_lo ((pause_down Bool) (replicas Int)) Int (ite pause_down replicas 0))
(define-fun hold_hi ((pause_up Bool) (replicas Int)) Int (ite pause_up replicas most_replicas))

; memory/reversals.rs: `turns` are the reversals younger than the window. memory/mod.rs: what a deed turns to.
(define-fun may_fall ((direction Int) (turns Int) (most Int)) Bool (or (not (= direction 1)) (<= (+ turns 2) most)))
(define-fun is_reversal ((before Int) (after Int)) Bool (and (> before 0) (> after 0) (not (= before after))))
(define-fun deed ((before Int) (after Int) (unforced Int)) Int
  (ite (and (> after before) (> unforced before)) 1
  (ite (and (< after before) (< unforced before)) 2 0)))

; memory/clock.rs: Clock::at. memory/window.rs: what counts in a window.
(define-fun clock_at ((started Bool) (outside Int) (elapsed Int) (now Int)) Int
  (+ elapsed (smaller 1099511627776 (ite started (minus now outside) 0))))
(define-fun young ((now Int) (time Int) (window Int)) Bool (< (minus now time) window))

; allocate.rs and amounts.rs: one service at its turn, one kind, one node. `fitting` is also one kind of Pool::affords.
(define-fun reserve ((share Int) (insisted Int)) Int (larger share insisted))
(define-fun first_grant ((replicas Int) (reserve Int)) Int (smaller replicas reserve))
(define-fun wanted ((upto Int) (replicas Int) (granted Int)) Int (minus (smaller upto replicas) granted))
(define-fun left_of ((budget Int) (reserved Int)) Int (minus budget reserved))
(define-fun fitting ((wanted Int) (room Int) (each Int)) Int
  (ite (<= (* wanted each) room) wanted (div room each)))
(define-fun left_after ((left Int) (taken Int) (each Int)) Int (- left (* taken each)))
(define-fun affords ((wanted Int) (cpu Int) (memory Int) (price Int) (each_cpu Int) (each_memory Int) (each_price Int))
  Int (fitting (fitting (fitting wanted cpu each_cpu) memory each_memory) price each_price))
(define-fun room_take ((wanted Int) (cpu Int) (memory Int) (pods Int) (each_cpu Int) (each_memory Int)) Int
  (fitting (fitting (smaller wanted pods) cpu each_cpu) memory each_memory))
(define-fun placed_plan ((before Int) (placed Int) (insisted Int)) Int (larger (+ before placed) insisted))

; kernel.rs: admitted.
(define-fun kept ((share Int) (forced Int)) Int (larger share forced)) ; forced: what bounds and pause make of replicas
(define-fun admitted_hi ((lowest Int) (highest Int) (kept Int) (afforded Int)) Int
  (larger (smaller highest (+ kept afforded)) lowest))
