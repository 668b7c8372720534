//! A server of known behaviour, to check a load generator by.
//!
//! It answers after a fixed delay, can stall, and on some paths fails in a known way. Its connections are always
//! accepted, also while it stalls, so that what a client sees is the stall alone. It speaks just enough HTTP/1.1: requests
//! without a body, answers with a length.
//!
//! | path | answer |
//! |---|---|
//! | `/` and all others | 200 after the delay, not before a stall is over |
//! | `/503` | 503 |
//! | `/garbage` | bytes that are no HTTP |
//! | `/reset` | the connection is reset |
//! | `/cut` | half an answer, then the connection is closed |
//! | `/hang` | none |
//! | `/once` | 200, then the connection is closed, which the answer did not announce |

#![expect(clippy::disallowed_methods, reason = "a real server answers in real time")]

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::sleep_until;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
const GARBAGE: &[u8] = b"SSH-2.0-none\r\n\r\n";
const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
const END: &[u8] = b"\r\n\r\n";
/// Longest head of a request.
const HEAD: usize = 16 * 1024;
/// Connections that the kernel may hold until they are accepted.
const BACKLOG: u32 = 4096;

/// A running server on a free port of 127.0.0.1. Dropping it ends it.
#[derive(Debug)]
pub struct FixedServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How the server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixedParams {
    /// Time from a request to its answer; the timer ticks in milliseconds.
    pub delay: Duration,
    /// When it stalls, counted from its first request. An answer that falls into it waits for its end.
    pub stall: Option<Range<Duration>>,
    /// Whether the heads of requests are kept ([`FixedServer::heads`]).
    pub remember: bool,
}

/// What all connections share.
#[derive(Debug, Default)]
struct Shared {
    params: FixedParams,
    first: Mutex<Option<Instant>>,
    heads: Mutex<Vec<String>>,
    connections: AtomicU64,
}

impl FixedServer {
    /// Starts it.
    ///
    /// # Errors
    /// If there is no port, no thread or no event queue.
    pub fn start(params: FixedParams) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = runtime.block_on(async { listen() })?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { params, ..Shared::default() });
        let served = Arc::clone(&shared);
        let (end, ended) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("fixed server".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, served) => {}
                    _ = ended => {}
                }
            });
        })?;
        Ok(Self { address, shared, end: Some(end), thread: Some(thread) })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Heads of the requests so far, if it was told to remember them.
    pub fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for FixedServer {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked there is nothing left to end.
            let _ = thread.join();
        }
    }
}

fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, Arc::clone(&shared)))),
            // For instance no file descriptor left: others will close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// A connection until one side ends it.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    shared.connections.fetch_add(1, Ordering::Relaxed);
    let mut read = Vec::new();
    while let Ok(Some(head)) = read_head(&stream, &mut read).await {
        let close = head.to_ascii_lowercase().contains("connection: close");
        if answer(&stream, &shared, head).await.is_err() || close {
            break;
        }
    }
}

/// The next head; `None` once the client has ended the connection.
async fn read_head(stream: &TcpStream, read: &mut Vec<u8>) -> io::Result<Option<String>> {
    loop {
        if let Some(at) = read.windows(END.len()).position(|window| window == END) {
            let head = read.drain(..at + END.len()).collect::<Vec<u8>>();
            return Ok(Some(String::from_utf8_lossy(&head).into_owned()));
        }
        stream.readable().await?;
        let mut bytes = [0; 1024];
        match stream.try_read(&mut bytes) {
            Ok(0) => return Ok(None),
            Ok(_) if read.len() > HEAD => return Err(io::ErrorKind::InvalidData.into()),
            Ok(length) => read.extend_from_slice(&bytes[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// An error ends the connection.
async fn answer(stream: &TcpStream, shared: &Shared, head: String) -> io::Result<()> {
    let ready = shared.ready_at(Instant::now());
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    if shared.params.remember {
        shared.heads.lock().unwrap_or_else(PoisonError::into_inner).push(head);
    }
    sleep_until(ready.into()).await;
    match path.as_str() {
        "/503" => write_all(stream, UNAVAILABLE).await,
        "/garbage" => write_all(stream, GARBAGE).await,
        "/reset" => stream.set_zero_linger().and_then(|()| Err(io::ErrorKind::ConnectionReset.into())),
        "/cut" => write_all(stream, HALF).await.and_then(|()| Err(io::ErrorKind::UnexpectedEof.into())),
        "/hang" => std::future::pending().await,
        "/once" => write_all(stream, OK).await.and_then(|()| Err(io::ErrorKind::UnexpectedEof.into())),
        _ => write_all(stream, OK).await,
    }
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Shared {
    /// When a request that comes now is answered.
    fn ready_at(&self, now: Instant) -> Instant {
        let first = *self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now);
        let ready = now + self.params.delay;
        match &self.params.stall {
            Some(stall) if stall.contains(&(ready - first)) => first + stall.end,
            _ => ready,
        }
    }
}
