; The post-shield as one service sees it. Of the pool and the nodes nothing is assumed but that they give no more than
; what is wanted and not less than nothing; P4 proves that.
(declare-const taken_running Int)
(declare-const taken_wished Int)
(declare-const nodes_known Bool)
(declare-const placed Int)
(define-fun planned () Int (pass wish))
(define-fun granted () Int (first_grant planned (reserve share insisted)))
(define-fun running () Int (+ granted taken_running))
(define-fun paid () Int (+ running taken_wished))
(define-fun action () Int (ite (and nodes_known (>= paid replicas)) (placed_plan replicas placed insisted) paid))
(define-fun given () Bool (and
  (<= 0 taken_running) (<= taken_running (wanted replicas planned granted))
  (<= 0 taken_wished) (<= taken_wished (wanted planned planned running))
  (<= 0 placed) (<= placed (minus paid replicas))))
