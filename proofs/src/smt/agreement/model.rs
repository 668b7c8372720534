//! The model's side: the steps of the text, in the loops over services, kinds and nodes that SMT-LIB cannot say.

use karma_shield::{Amounts, Cluster, Limits, NodeRoom};

use super::seen::{NAMES, Seen, values};
use crate::smt::machine::{Machine, Uncomputed};
use crate::smt::program::{Program, Symbol};

macro_rules! symbols {
    ($($name:ident,)*) => {
        /// Definitions of the model that are asked for.
        #[derive(Clone, Copy, Debug)]
        pub(super) struct Symbols {
            $(pub(super) $name: Symbol,)*
        }

        impl Symbols {
            fn find(program: &Program) -> Result<Self, Lacking> {
                Ok(Self { $($name: find(program, stringify!($name))?,)* })
            }
        }
    };
}

symbols! {
    checked, remembered, in_order, cause, followed, wish, unforced, pass, insisted, held, replicas,
    planned, granted, running, paid, action, given,
    taken_running, taken_wished, nodes_known, placed,
    p1, p2, p3, p5, p9, p10, p11,
    deed, is_reversal, clock_at, reserve, wanted, left_of, left_after, affords, room_take, admitted_hi,
}

/// What the model says of one service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) source: i128,
    pub(super) cause: i128,
    pub(super) wish: i128,
    pub(super) unforced: i128,
    pub(super) action: i128,
    /// Lowest and highest; `None` while the policy is not listened to.
    pub(super) admitted: Option<(i128, i128)>,
}

/// The model with its services.
#[derive(Debug)]
pub(super) struct Model<'a> {
    pub(super) symbols: Symbols,
    constants: Vec<Symbol>,
    services: Vec<Machine<'a>>,
    /// For functions that concern no service.
    common: Machine<'a>,
}

type Computed<T> = Result<T, Uncomputed>;

/// What is left of three kinds.
type Pool = [i128; 3];

impl<'a> Model<'a> {
    /// A model of so many services.
    ///
    /// # Errors
    /// If the text lacks a name.
    pub(super) fn new(program: &'a Program, services: usize) -> Result<Self, Lacking> {
        let constant = |name: &&'static str| find(program, name);
        Ok(Self {
            symbols: Symbols::find(program)?,
            constants: NAMES.iter().map(constant).collect::<Result<_, _>>()?,
            services: vec![Machine::new(program); services],
            common: Machine::new(program),
        })
    }

    /// Tells a service what it sees.
    pub(super) fn see(&mut self, service: usize, seen: &Seen<'_>) {
        let machine = &mut self.services[service];
        machine.clear();
        self.constants.iter().zip(values(seen)).for_each(|(constant, value)| machine.set(*constant, value));
    }

    /// A value of one service.
    pub(super) fn of(&mut self, service: usize, symbol: Symbol) -> Computed<i128> {
        self.services[service].get(symbol)
    }

    /// A function of one service.
    pub(super) fn with(&mut self, service: usize, symbol: Symbol, value: i128) -> Computed<i128> {
        self.services[service].call(symbol, &[value])
    }

    /// A function that concerns no service.
    pub(super) fn call(&mut self, symbol: Symbol, values: &[i128]) -> Computed<i128> {
        self.common.call(symbol, values)
    }

    /// All services, once each has been told what it sees.
    pub(super) fn decide(&mut self, limits: &Limits, cluster: &Cluster<'_>) -> Computed<Vec<Said>> {
        let order = order(limits);
        let admitted = self.admitted(limits)?;
        self.budget(limits, &order)?;
        self.nodes(limits, &order, cluster)?;
        let names = self.symbols;
        let said = admitted.into_iter().enumerate().map(|(service, admitted)| {
            let wish = self.of(service, names.wish)?;
            Ok(Said {
                source: self.of(service, names.followed)?,
                cause: self.of(service, names.cause)?,
                wish,
                unforced: self.with(service, names.unforced, wish)?,
                action: self.of(service, names.action)?,
                admitted,
            })
        });
        said.collect()
    }

    /// The pass of the budget: two rounds over the services by rank.
    fn budget(&mut self, limits: &Limits, order: &[usize]) -> Computed<()> {
        let names = self.symbols;
        let mut reserved = [0; 3];
        for (service, held) in limits.services().iter().enumerate() {
            let insisted = self.of(service, names.insisted)?;
            let reserve = self.call(names.reserve, &[i128::from(held.share), insisted])?;
            add(&mut reserved, reserve, held.each);
        }
        let mut pool = self.left_of(limits, reserved)?;
        for (granted, upto, taken) in [
            (names.granted, names.replicas, names.taken_running),
            (names.running, names.planned, names.taken_wished),
        ] {
            for service in order.iter().copied() {
                let wanted =
                    [self.of(service, upto)?, self.of(service, names.planned)?, self.of(service, granted)?];
                let wanted = self.call(names.wanted, &wanted)?;
                let each = limits.services()[service].each;
                let afforded = self.affords(wanted, pool, each)?;
                for (left, each) in pool.iter_mut().zip(kinds(each)) {
                    *left = self.call(names.left_after, &[*left, afforded, each])?;
                }
                self.services[service].set(taken, afforded);
            }
        }
        Ok(())
    }

    fn left_of(&mut self, limits: &Limits, reserved: Pool) -> Computed<Pool> {
        let budget = limits.budget();
        let mut pool = [budget.cpu, budget.memory, budget.price].map(i128::from);
        for (left, reserved) in pool.iter_mut().zip(reserved) {
            *left = self.call(self.symbols.left_of, &[*left, reserved])?;
        }
        Ok(pool)
    }

    fn affords(&mut self, wanted: i128, [cpu, memory, price]: Pool, each: Amounts) -> Computed<i128> {
        let each = kinds(each);
        self.call(self.symbols.affords, &[wanted, cpu, memory, price, each[0], each[1], each[2]])
    }

    /// The pass of the nodes: what waits, then what is added, first fit.
    fn nodes(&mut self, limits: &Limits, order: &[usize], cluster: &Cluster<'_>) -> Computed<()> {
        let names = self.symbols;
        let room = |node: &NodeRoom| [i128::from(node.cpu), i128::from(node.memory), i128::from(node.pods)];
        let mut rooms: Vec<[i128; 3]> = cluster.nodes.unwrap_or_default().iter().map(room).collect();
        for service in order.iter().copied() {
            let waiting = i128::from(cluster.services[service].waiting);
            self.place(&mut rooms, waiting, limits.services()[service].each)?;
        }
        for service in order.iter().copied() {
            let added = self.of(service, names.paid)? - i128::from(cluster.services[service].replicas);
            let placed = self.place(&mut rooms, added.max(0), limits.services()[service].each)?;
            let known = cluster.nodes.is_some();
            self.services[service].set(names.nodes_known, i128::from(known));
            self.services[service].set(names.placed, placed);
        }
        Ok(())
    }

    fn place(&mut self, rooms: &mut [[i128; 3]], pods: i128, each: Amounts) -> Computed<i128> {
        let names = self.symbols;
        let [each_cpu, each_memory, _] = kinds(each);
        let mut left = pods;
        for room in rooms {
            let [cpu, memory, free] = *room;
            let taken = self.call(names.room_take, &[left, cpu, memory, free, each_cpu, each_memory])?;
            for (room, each) in room.iter_mut().zip([each_cpu, each_memory, 1]) {
                *room = self.call(names.left_after, &[*room, taken, each])?;
            }
            left -= taken;
        }
        Ok(pods - left)
    }

    /// The masks.
    fn admitted(&mut self, limits: &Limits) -> Computed<Vec<Option<(i128, i128)>>> {
        let names = self.symbols;
        let (mut taken, mut kept) = ([0; 3], Vec::with_capacity(limits.services().len()));
        for (service, held) in limits.services().iter().enumerate() {
            kept.push(self.of(service, names.held)?);
            add(&mut taken, kept[service], held.each);
        }
        let pool = self.left_of(limits, taken)?;
        let masks = limits.services().iter().zip(kept).enumerate().map(|(service, (held, kept))| {
            if self.of(service, names.in_order)? != 0 {
                return Ok(None);
            }
            let lowest = self.with(service, names.pass, 0)?;
            let highest = self.with(service, names.pass, i128::from(u32::MAX))?;
            let afforded = self.affords((highest - kept).max(0), pool, held.each)?;
            Ok(Some((lowest, self.call(names.admitted_hi, &[lowest, highest, kept, afforded])?)))
        });
        masks.collect()
    }
}

/// A name that the text of the model does not define.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model defines no `{0}`")]
pub(super) struct Lacking(&'static str);

fn find(program: &Program, name: &'static str) -> Result<Symbol, Lacking> {
    program.find(name).ok_or(Lacking(name))
}

/// Positions of the services by rank, equals in their own order.
fn order(limits: &Limits) -> Vec<usize> {
    let mut order: Vec<usize> = (0..limits.services().len()).collect();
    order.sort_by_key(|service| limits.services()[*service].rank);
    order
}

fn kinds(each: Amounts) -> [i128; 3] {
    [each.cpu, each.memory, each.price].map(i128::from)
}

fn add(sum: &mut Pool, replicas: i128, each: Amounts) {
    sum.iter_mut().zip(kinds(each)).for_each(|(sum, each)| *sum += replicas * each);
}
