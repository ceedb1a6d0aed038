package io.registryetcd.kitex;

import io.registryetcd.examples.api.Hello;
import io.registryetcd.examples.api.Request;
import io.registryetcd.kitex.wire.Message;
import java.util.Arrays;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;

/** The generated hello service on both ends: its client, and a script with its processor. */
final class ClientHello {

  private ClientHello() {}

  static KitexThriftClient<Hello.Client> of(KitexClient client) {
    return KitexThriftClient.of(client, new Hello.Client.Factory());
  }

  static Request request(String text) {
    return new Request().setMessage(text);
  }

  /** Answers as a {@link HelloHandler} does: {@code name|text}. */
  static FakeKitexServer.Script answering(String name) {
    var processor = new Hello.Processor<Hello.Iface>(new HelloHandler(name));
    return (request, peer) -> {
      byte[] reply = process(processor, request);
      if (reply.length > 0) {
        peer.send(request.reply(reply));
      }
    };
  }

  private static byte[] process(Hello.Processor<Hello.Iface> processor, Message request) {
    try {
      var out = new TMemoryBuffer(64);
      processor.process(
          new TBinaryProtocol(new TMemoryInputTransport(request.payload())),
          new TBinaryProtocol(out));
      return Arrays.copyOf(out.getArray(), out.length());
    } catch (TException e) {
      throw new AssertionError(e);
    }
  }
}
