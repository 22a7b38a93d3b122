//! The loop: messages in, messages out, one after the other. Files are looked at once no message waits, so that a fast
//! typist is never behind.

use super::file::File;
use super::position::path_of;
use super::{actions, complete, diagnostics, go, hover, rename, symbols};
use lsp_server::{Connection, ErrorCode, ExtractError, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, GotoDefinition, HoverRequest, PrepareRenameRequest, References, Rename,
    Request as _,
};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CompletionOptions, CompletionParams, DocumentSymbolParams,
    GotoDefinitionParams, HoverParams, OneOf, PublishDiagnosticsParams, ReferenceParams, RenameOptions, RenameParams,
    ServerCapabilities, TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, Uri,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why the server ended before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The editor went away, or said something that is no message of the protocol.
    #[error("the editor's end of the connection is gone: {0}")]
    Gone(String),
}

/// Serves an editor over stdin and stdout until it says that it is done.
///
/// # Errors
/// When the editor goes away without a word.
pub fn serve() -> Result<(), ServerError> {
    let (connection, threads) = Connection::stdio();
    let gone = |error: String| ServerError::Gone(error);
    let (id, _) = connection.initialize_start().map_err(|error| gone(error.to_string()))?;
    let about = serde_json::json!({
        "capabilities": capabilities(),
        "serverInfo": { "name": "flow", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, about).map_err(|error| gone(error.to_string()))?;
    let mut server = Server { connection, files: BTreeMap::new(), dirty: BTreeSet::new(), shown: BTreeMap::new() };
    server.turn()?;
    // The threads end once nobody can send any more.
    drop(server);
    threads.join().map_err(|error| gone(error.to_string()))
}

fn capabilities() -> ServerCapabilities {
    let words = |all: &[&str]| Some(all.iter().map(|word| (*word).to_owned()).collect());
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(true.into()),
        completion_provider: Some(CompletionOptions {
            trigger_characters: words(&[".", "\"", "'", "|", " "]),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: lsp_types::WorkDoneProgressOptions::default(),
        })),
        code_action_provider: Some(
            CodeActionOptions { code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]), ..CodeActionOptions::default() }.into(),
        ),
        document_symbol_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

struct Server {
    connection: Connection,
    /// Open files, by URI.
    files: BTreeMap<String, File>,
    /// Those of them whose text was not looked at yet.
    dirty: BTreeSet<String>,
    /// Where each open file has findings shown.
    shown: BTreeMap<String, Vec<Uri>>,
}

/// What a request gives: a value of the protocol, or why not.
type Answer = Result<serde_json::Value, String>;

impl Server {
    fn turn(&mut self) -> Result<(), ServerError> {
        loop {
            if self.connection.receiver.is_empty() {
                self.look()?;
            }
            let Ok(message) = self.connection.receiver.recv() else { return Ok(()) };
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request).map_err(|error| ServerError::Gone(error.to_string()))? {
                        return Ok(());
                    }
                    self.look()?;
                    let response = self.respond(request);
                    self.send(Message::Response(response))?;
                }
                Message::Notification(notification) => self.hear(notification)?,
                Message::Response(_) => {}
            }
        }
    }

    fn send(&self, message: Message) -> Result<(), ServerError> {
        self.connection.sender.send(message).map_err(|error| ServerError::Gone(error.to_string()))
    }

    /// Looks at every file that changed, and shows what is wrong with it.
    fn look(&mut self) -> Result<(), ServerError> {
        for key in std::mem::take(&mut self.dirty) {
            let Some(file) = self.files.get_mut(&key) else { continue };
            // A mistake of ours must not take the editor's server away; the text is looked at again when it changes.
            if catch_unwind(AssertUnwindSafe(|| file.check())).is_err() {
                file.checked = None;
            }
            self.publish(&key)?;
        }
        Ok(())
    }

    fn publish(&mut self, key: &str) -> Result<(), ServerError> {
        let now = self.files.get(key).map(|file| (diagnostics::of(file), file.uri.clone(), file.version));
        let (all, own, version) = now.map_or((vec![], None, None), |(all, uri, version)| (all, Some(uri), Some(version)));
        let before = self.shown.remove(key).unwrap_or_default();
        let cleared = before.into_iter().filter(|uri| !all.iter().any(|(known, _)| known == uri)).map(|uri| (uri, vec![]));
        let cleared: Vec<_> = cleared.collect();
        self.shown.insert(key.to_owned(), all.iter().map(|(uri, _)| uri.clone()).collect());
        for (uri, diagnostics) in all.into_iter().chain(cleared) {
            let version = version.filter(|_| own.as_ref() == Some(&uri));
            let params = PublishDiagnosticsParams { uri, diagnostics, version };
            self.send(Message::Notification(Notification::new(PublishDiagnostics::METHOD.to_owned(), params)))?;
        }
        Ok(())
    }

    fn hear(&mut self, notification: Notification) -> Result<(), ServerError> {
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                let Some(opened) = read::<DidOpenTextDocument>(notification) else { return Ok(()) };
                let document = opened.text_document;
                if path_of(&document.uri).is_some() {
                    let key = document.uri.as_str().to_owned();
                    self.files.insert(key.clone(), File::new(document.uri, document.text, document.version));
                    self.dirty.insert(key);
                }
            }
            DidChangeTextDocument::METHOD => {
                let Some(changed) = read::<DidChangeTextDocument>(notification) else { return Ok(()) };
                let key = changed.text_document.uri.as_str().to_owned();
                if let (Some(file), Some(last)) = (self.files.get_mut(&key), changed.content_changes.into_iter().last()) {
                    file.text = last.text;
                    file.version = changed.text_document.version;
                    self.dirty.insert(key);
                }
            }
            // A prompt or schema may have changed, and any open pipeline may name it.
            DidSaveTextDocument::METHOD => self.dirty.extend(self.files.keys().cloned()),
            DidCloseTextDocument::METHOD => {
                let Some(closed) = read::<DidCloseTextDocument>(notification) else { return Ok(()) };
                let key = closed.text_document.uri.as_str().to_owned();
                self.files.remove(&key);
                self.publish(&key)?;
                self.shown.remove(&key);
            }
            _ => {}
        }
        Ok(())
    }

    fn respond(&self, request: Request) -> Response {
        let id = request.id.clone();
        match catch_unwind(AssertUnwindSafe(|| self.answer(request))) {
            Ok(Some(Ok(value))) => Response::new_ok(id, value),
            Ok(Some(Err(why))) => failed(id, ErrorCode::RequestFailed, why),
            Ok(None) => failed(id, ErrorCode::MethodNotFound, "flow does not do this".to_owned()),
            Err(_) => failed(id, ErrorCode::InternalError, "this is a mistake of flow itself".to_owned()),
        }
    }

    /// `None` for what this server does not do.
    fn answer(&self, request: Request) -> Option<Answer> {
        Some(match request.method.as_str() {
            HoverRequest::METHOD => {
                let of = |file: &File, at: HoverParams| Ok(hover::hover(file, at.text_document_position_params.position));
                self.of::<HoverRequest, _>(request, |at| &at.text_document_position_params.text_document.uri, of)
            }
            Completion::METHOD => {
                let of = |file: &File, at: CompletionParams| Ok(complete::complete(file, at.text_document_position.position));
                self.of::<Completion, _>(request, |at| &at.text_document_position.text_document.uri, of)
            }
            GotoDefinition::METHOD => {
                let of =
                    |file: &File, at: GotoDefinitionParams| Ok(go::definition(file, at.text_document_position_params.position));
                self.of::<GotoDefinition, _>(request, |at| &at.text_document_position_params.text_document.uri, of)
            }
            References::METHOD => {
                let of = |file: &File, at: ReferenceParams| Ok(go::references(file, at.text_document_position.position));
                self.of::<References, _>(request, |at| &at.text_document_position.text_document.uri, of)
            }
            PrepareRenameRequest::METHOD => {
                let of = |file: &File, at: TextDocumentPositionParams| Ok(rename::prepare(file, at.position));
                self.of::<PrepareRenameRequest, _>(request, |at| &at.text_document.uri, of)
            }
            Rename::METHOD => {
                let of = |file: &File, at: RenameParams| rename::rename(file, at.text_document_position.position, &at.new_name);
                self.of::<Rename, _>(request, |at| &at.text_document_position.text_document.uri, of)
            }
            CodeActionRequest::METHOD => {
                let of = |file: &File, at: CodeActionParams| Ok(actions::actions(file, at.range));
                self.of::<CodeActionRequest, _>(request, |at| &at.text_document.uri, of)
            }
            DocumentSymbolRequest::METHOD => {
                let of = |file: &File, _: DocumentSymbolParams| Ok(symbols::symbols(file));
                self.of::<DocumentSymbolRequest, _>(request, |at| &at.text_document.uri, of)
            }
            _ => return None,
        })
    }

    /// Reads the parameters of a request, finds its file, and asks; nothing is known of a file that is not open.
    fn of<R: lsp_types::request::Request, T: Serialize>(
        &self,
        request: Request,
        uri: impl Fn(&R::Params) -> &Uri,
        of: impl FnOnce(&File, R::Params) -> Result<T, String>,
    ) -> Answer {
        let (_, params) = request.extract::<R::Params>(R::METHOD).map_err(|error| match error {
            ExtractError::JsonError { error, .. } => format!("the parameters cannot be read: {error}"),
            ExtractError::MethodMismatch(_) => "another request was meant".to_owned(),
        })?;
        let Some(file) = self.files.get(uri(&params).as_str()) else { return Ok(serde_json::Value::Null) };
        serde_json::to_value(of(file, params)?).map_err(|error| error.to_string())
    }
}

fn failed(id: RequestId, code: ErrorCode, why: String) -> Response {
    Response::new_err(id, code as i32, why)
}

fn read<N: lsp_types::notification::Notification>(notification: Notification) -> Option<N::Params> {
    notification.extract(N::METHOD).ok()
}
