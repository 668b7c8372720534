; Products and quotients of two unknowns, as they are.
(define-fun times ((a Int) (b Int)) Int (* a b))
(define-fun over ((a Int) (b Int)) Int (div a b))
