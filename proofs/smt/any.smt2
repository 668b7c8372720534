; Products and quotients of two unknowns, left open: what is proved with these holds whatever they are.
(declare-fun times (Int Int) Int)
(declare-fun over (Int Int) Int)
