//! One request over HTTP/1.1, and the connections that are kept.
//!
//! A connection is driven by the request that it carries, in one task: the first poll of a request over a kept connection
//! writes it, and no queue of other tasks stands between. While a connection waits nobody reads from it; that the server
//! has closed it is seen by the next request, before it is written, which then takes another.

use std::cell::RefCell;
use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{self, SendRequest, handshake};
use hyper::header::{CONNECTION, HOST, HeaderValue};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::outcome::Outcome;
use super::pacer::Clock;
use super::schedule::Due;
use super::target::{Connections, Target};
use crate::service::WORK_HEADER;

type Message = Request<Empty<Bytes>>;
type Driver = http1::Connection<TokioIo<TcpStream>, Empty<Bytes>>;

/// Sends requests to one target.
#[derive(Debug)]
pub(super) struct Client {
    target: Target,
    clock: Clock,
    /// Connections that wait for a request; the last was used last.
    idle: RefCell<Vec<Connection>>,
}

/// An open connection.
#[derive(Debug)]
struct Connection {
    requests: SendRequest<Empty<Bytes>>,
    driver: Driver,
}

/// Why there is no answer.
enum Failure {
    /// The connection had been closed before the request was written: here it is again.
    Unsent(Box<Message>),
    Ended(Outcome),
}

impl Client {
    pub(super) const fn new(target: Target, clock: Clock) -> Self {
        Self { target, clock, idle: RefCell::new(Vec::new()) }
    }

    /// Sends it and waits for the whole answer, until its timeout counted from when it was due.
    pub(super) async fn exchange(&self, due: &Due) -> Outcome {
        let deadline = self.clock.instant(due.at + self.target.timeout);
        let answered = tokio::time::timeout_at(deadline.into(), self.send(due));
        answered.await.unwrap_or(Outcome::TimedOut)
    }

    /// Whether the timeout of a request has passed before it could be sent.
    pub(super) fn is_too_late(&self, due: &Due, now: Duration) -> bool {
        now >= due.at + self.target.timeout
    }

    async fn send(&self, due: &Due) -> Outcome {
        let mut message = self.message(due);
        while let Some(connection) = self.kept() {
            match self.over(connection, message).await {
                Err(Failure::Unsent(again)) => message = *again,
                Ok(outcome) | Err(Failure::Ended(outcome)) => return outcome,
            }
        }
        let over_new = async { self.over(self.connect().await?, message).await };
        match over_new.await {
            Ok(outcome) | Err(Failure::Ended(outcome)) => outcome,
            Err(Failure::Unsent(_)) => Outcome::Reset,
        }
    }

    fn message(&self, due: &Due) -> Message {
        let mut message = Request::new(Empty::new());
        message.uri_mut().clone_from(&self.target.path);
        let headers = message.headers_mut();
        headers.insert(HOST, self.target.host.clone());
        if self.target.params.connections == Connections::PerRequest {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if due.work != 1.0
            && let Ok(factor) = HeaderValue::from_str(&due.work.to_string())
        {
            headers.insert(WORK_HEADER, factor);
        }
        message
    }

    /// The connection that was used last and is still open.
    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        std::iter::from_fn(|| idle.pop()).find(|connection| connection.requests.is_ready())
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let failed = |error: io::Error| Failure::Ended(of_io(&error));
        let stream = TcpStream::connect(self.target.address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let (requests, driver) =
            handshake(TokioIo::new(stream)).await.map_err(|error| Failure::Ended(of_http(&error)))?;
        Ok(Connection { requests, driver })
    }

    async fn over(&self, connection: Connection, message: Message) -> Result<Outcome, Failure> {
        let keeps = self.target.params.connections == Connections::Kept;
        let Connection { mut requests, driver } = connection;
        let (asked, driver) = driven(driver, ask(&mut requests, message, keeps)).await;
        let (status, reusable) = asked?;
        if let Some(driver) = driver.filter(|_| reusable) {
            self.idle.borrow_mut().push(Connection { requests, driver });
        }
        Ok(Outcome::Answered(status))
    }
}

/// Sends a request and reads its whole answer: the status, and whether the connection takes another one.
async fn ask(
    requests: &mut SendRequest<Empty<Bytes>>,
    message: Message,
    keeps: bool,
) -> Result<(u16, bool), Failure> {
    let answer = requests.try_send_request(message).await;
    let response = answer.map_err(|mut error| match error.take_message() {
        Some(message) => Failure::Unsent(Box::new(message)),
        None => Failure::Ended(of_http(error.error())),
    })?;
    let status = response.status().as_u16();
    read_whole(response).await.map_err(|error| Failure::Ended(of_http(&error)))?;
    Ok((status, keeps && requests.ready().await.is_ok()))
}

/// Does work over a connection while driving it, and gives the driver back unless the connection has ended.
async fn driven<T>(mut driver: Driver, work: impl Future<Output = T>) -> (T, Option<Driver>) {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return (done, Some(driver)),
        _ = &mut driver => {}
    }
    // A request that it has not taken comes back to the work when it is gone.
    drop(driver);
    (work.await, None)
}

async fn read_whole(response: Response<Incoming>) -> Result<(), hyper::Error> {
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}

/// What an error of the machine or of the network means. Where this side has run out of something, nothing was sent.
fn of_io(error: &io::Error) -> Outcome {
    use io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
    use rustix::io::Errno;

    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    match error.kind() {
        ConnectionRefused => Outcome::Refused,
        HostUnreachable | NetworkUnreachable => Outcome::Unreachable,
        TimedOut => Outcome::TimedOut,
        AddrNotAvailable => Outcome::NotSent,
        _ if Errno::from_io_error(error).is_some_and(|errno| exhausted.contains(&errno)) => Outcome::NotSent,
        _ => Outcome::Reset,
    }
}

fn of_http(error: &hyper::Error) -> Outcome {
    if error.is_parse() { Outcome::Malformed } else { Outcome::Reset }
}
