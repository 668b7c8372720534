//! A Prometheus of a few lines, which says what it is told to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::UNIX_EPOCH;

use serde_json::json;

use crate::site::SERVICES;

/// What it says when it is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Says {
    /// For each service a request rate, taken so many seconds ago.
    Samples { age: f64, rate: &'static str },
    /// The page of a proxy that does not find it.
    Error,
    /// It takes the question, and nothing comes.
    Nothing,
    /// Nobody listens.
    Refused,
}

/// On a port of this machine until the end of the test.
pub(super) struct FakePrometheus {
    address: SocketAddr,
    says: Arc<Mutex<Says>>,
}

impl FakePrometheus {
    pub(super) fn start(says: Says) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let prometheus = Self { address, says: Arc::new(Mutex::new(says)) };
        prometheus.listen(listener);
        prometheus
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Says something else from the next question on.
    pub(super) fn says(&self, says: Says) {
        let before = std::mem::replace(&mut *self.says.lock().unwrap(), says);
        match (before == Says::Refused, says == Says::Refused) {
            (false, true) => drop(TcpStream::connect(self.address).unwrap()), // so that it looks
            (true, false) => self.listen(TcpListener::bind(self.address).unwrap()),
            _ => {}
        }
    }

    /// Answers until nobody shall listen.
    fn listen(&self, listener: TcpListener) {
        let says = Arc::clone(&self.says);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let says = *says.lock().unwrap();
                if says == Says::Refused {
                    return;
                }
                thread::spawn(move || answer(stream.unwrap(), says));
            }
        });
    }
}

/// Whoever asked may be gone by now: then nobody reads the answer.
fn answer(mut stream: TcpStream, says: Says) {
    let Some(query) = question(&stream) else { return };
    let (status, body) = match says {
        Says::Samples { age, rate } => ("200 OK", samples(&query, age, rate)),
        Says::Error => ("502 Bad Gateway", "<html>no upstream</html>".to_owned()),
        Says::Nothing | Says::Refused => {
            let _ = stream.read(&mut [0]); // until the other side gives up
            return;
        }
    };
    let length = body.len();
    let _ =
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
}

/// The query of a request.
fn question(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let form = String::from_utf8(body).ok()?;
    Some(form.strip_prefix("query=")?.split('&').next()?.to_owned())
}

/// One sample for each service, as Prometheus writes it.
fn samples(query: &str, age: f64, rate: &str) -> String {
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    let value = match query {
        "sampled_at" => (now - age).to_string(),
        "request_rate" => rate.to_owned(),
        "latency_mean" => "0.05".to_owned(),
        _ => "0".to_owned(),
    };
    let series =
        SERVICES.map(|service| json!({ "metric": { "deployment": service }, "value": [now, value] }));
    json!({ "status": "success", "data": { "resultType": "vector", "result": series } }).to_string()
}
