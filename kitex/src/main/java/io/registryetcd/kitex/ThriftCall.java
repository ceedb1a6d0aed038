package io.registryetcd.kitex;

import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.Message.Protocol;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.transport.TTransportException;
import org.jspecify.annotations.Nullable;

/**
 * One use of a generated client: each message that it writes is sent as a call, what it reads is
 * the reply. Closing it gives up the call under way. For one thread at a time.
 */
final class ThriftCall implements AutoCloseable {

  private final KitexClient client;
  private final String idlService;
  private final Duration timeout;
  private final boolean blocking;
  private final ThriftTransport transport = new ThriftTransport(this::send);
  private final EnvelopeProtocol protocol = new EnvelopeProtocol(transport);
  private @Nullable OutgoingCall call;

  /**
   * A use of a client.
   *
   * @param blocking whether to wait until a oneway request is written
   */
  ThriftCall(KitexClient client, String idlService, Duration timeout, boolean blocking) {
    this.client = client;
    this.idlService = idlService;
    this.timeout = timeout;
    this.blocking = blocking;
  }

  /** For the generated client. */
  TProtocol protocol() {
    return protocol;
  }

  /** The call under way. */
  OutgoingCall sent() {
    OutgoingCall current = call;
    if (current == null) {
      throw new IllegalStateException("request: none (expected: one to be sent before)");
    }
    return current;
  }

  /** For a oneway call that is known to be done. */
  void awaitWritten() throws TTransportException {
    if (await(sent()).isPresent()) {
      throw new IllegalStateException(
          sent().request().method() + ": has a reply (expected: a oneway method)");
    }
  }

  @Override
  public void close() {
    OutgoingCall current = call;
    if (current != null) {
      current.cancel("given up", null);
    }
  }

  private void send(byte[] payload) throws TTransportException {
    TMessage envelope = protocol.request;
    if (call != null) {
      throw new IllegalStateException(
          envelope.name
              + ": sent too early (expected: to receive the reply of the last call first)");
    }
    boolean oneway = envelope.type == TMessageType.ONEWAY;
    OutgoingCall started =
        client.start(
            new Request(
                Protocol.THRIFT,
                oneway ? Message.Type.ONEWAY : Message.Type.CALL,
                idlService,
                envelope.name,
                protocol.sequence,
                payload,
                timeout,
                CallMetadata.current()));
    call = started;
    if (oneway && blocking) {
      await(started);
      call = null;
    }
  }

  private Message receive() throws TTransportException {
    OutgoingCall current = sent();
    Optional<Reply> reply = await(current);
    call = null;
    if (reply.isEmpty()) {
      throw new IllegalStateException("reply: none (expected: a method that is not oneway)");
    }
    reply.get().tell(current.request().metadata());
    return reply.get().message();
  }

  private static Optional<Reply> await(OutgoingCall call) throws TTransportException {
    CompletableFuture<Optional<Reply>> result = call.result();
    try {
      return result.get();
    } catch (InterruptedException e) {
      call.cancel("interrupted", e);
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      // as below
    }
    try {
      return result.join();
    } catch (CompletionException e) {
      throw thriftException(e);
    }
  }

  /** The exception for the users of Thrift. */
  static TTransportException thriftException(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof CallException exception
        ? new TTransportException(
            type(exception.reason()), exception.getMessage(), exception.getCause())
        : new TTransportException(TTransportException.UNKNOWN, cause);
  }

  private static int type(CallException.Reason reason) {
    return switch (reason) {
      case UNAVAILABLE -> TTransportException.NOT_OPEN;
      case TIMED_OUT -> TTransportException.TIMED_OUT;
      case CONNECTION_LOST -> TTransportException.END_OF_FILE;
      case MALFORMED_REPLY -> TTransportException.CORRUPTED_DATA;
      case CANCELLED -> TTransportException.UNKNOWN;
    };
  }

  /**
   * Strict binary, as Kitex speaks it. A generated client counts its calls from 1; on the wire the
   * sequence ids are those of the {@link KitexClient}, so that a reply to another call is noticed.
   */
  private final class EnvelopeProtocol extends TBinaryProtocol {

    TMessage request = new TMessage();
    int sequence;

    EnvelopeProtocol(ThriftTransport transport) {
      super(transport, true, true);
    }

    @Override
    public void writeMessageBegin(TMessage message) throws TException {
      transport.beginRequest();
      request = message;
      sequence = client.nextSequence();
      super.writeMessageBegin(new TMessage(message.name, message.type, sequence));
    }

    @Override
    public TMessage readMessageBegin() throws TException {
      transport.reply(receive().payload());
      TMessage reply = super.readMessageBegin();
      return reply.type == TMessageType.REPLY
          ? new TMessage(reply.name, reply.type, request.seqid)
          : reply;
    }
  }
}
