; P11 Pause: no pause is broken, whatever forces.
(assert checked)
(assert given)
(push)
(assert pause_up)
(assert pause_down)
(assert (not (= planned wish)))
(set-info :status sat)
(check-sat)
(pop)

(assert (not (p11 action)))
(set-info :status unsat)
(check-sat)
