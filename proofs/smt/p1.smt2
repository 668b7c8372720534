; P1 Bounds: the action lies within the bounds, or a pause keeps the replicas where they are, outside.
(assert checked)
(assert given)
(set-info :status sat)
(check-sat)
(push)
(assert (< action planned))
(assert pause_down)
(check-sat)
(pop)

(assert (not (p1 action)))
(set-info :status unsat)
(check-sat)
