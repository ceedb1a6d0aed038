package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.registryetcd.NoInstanceException;
import io.registryetcd.kitex.wire.KitexVectors;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.Map;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.TServiceClient;
import org.apache.thrift.TServiceClientFactory;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TTransportException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The Thrift client with whatever libthrift is there. What the compiler of the build generates is
 * not for all of them, so the client is written by hand.
 */
@Tag("libthrift-any")
class KitexThriftClientAnyVersionTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();
  @RegisterExtension final ClientFixture fixture = new ClientFixture(ETCD);

  private final FakeKitexServer server =
      fixture.opened(FakeKitexServer.start(FakeKitexServer.silent()));

  interface Hello {

    interface Iface {
      String echo(String text) throws TException;

      void fire(String text) throws TException;
    }

    /** As if it were generated. */
    final class Client extends TServiceClient implements Iface {

      Client(TProtocol protocol) {
        super(protocol);
      }

      @Override
      public String echo(String text) throws TException {
        sendEcho(text);
        return receiveEcho();
      }

      @Override
      public void fire(String text) throws TException {
        send("fire", TMessageType.ONEWAY, text);
      }

      void sendEcho(String text) throws TException {
        send("echo", TMessageType.CALL, text);
      }

      private void send(String method, byte type, String text) throws TException {
        oprot_.writeMessageBegin(new TMessage(method, type, ++seqid_));
        oprot_.writeStructBegin(new TStruct(method + "_args"));
        oprot_.writeFieldBegin(new TField("req", TType.STRUCT, (short) 1));
        oprot_.writeStructBegin(new TStruct("Request"));
        oprot_.writeFieldBegin(new TField("message", TType.STRING, (short) 1));
        oprot_.writeString(text);
        oprot_.writeFieldEnd();
        oprot_.writeFieldStop();
        oprot_.writeStructEnd();
        oprot_.writeFieldEnd();
        oprot_.writeFieldStop();
        oprot_.writeStructEnd();
        oprot_.writeMessageEnd();
        oprot_.getTransport().flush();
      }

      String receiveEcho() throws TException {
        TMessage reply = iprot_.readMessageBegin();
        if (reply.type == TMessageType.EXCEPTION) {
          throw TApplicationException.readFrom(iprot_);
        }
        assertThat(reply.seqid).isEqualTo(seqid_);
        iprot_.readStructBegin();
        iprot_.readFieldBegin();
        iprot_.readStructBegin();
        iprot_.readFieldBegin();
        return iprot_.readString();
      }
    }
  }

  private static final class Factory implements TServiceClientFactory<Hello.Client> {

    @Override
    public Hello.Client getClient(TProtocol protocol) {
      return new Hello.Client(protocol);
    }

    @Override
    public Hello.Client getClient(TProtocol in, TProtocol out) {
      return new Hello.Client(in);
    }
  }

  @ParameterizedTest
  @CsvSource({"buffered-ok", "framed-ok", "ttheader-ok", "ttheaderframed-ok"})
  void requestAndReplyAreThoseOfKitex(String id) throws Exception {
    var hello = hello(id);

    assertThat(hello.proxy(Hello.Iface.class).echo("hi")).isEqualTo("s|hi");
    assertThat(server.requests.get(0).payload()).isEqualTo(payloadOf("framed-ok"));
  }

  private static byte[] payloadOf(String id) {
    byte[] frame = KitexVectors.request(id).bytes();
    return java.util.Arrays.copyOfRange(frame, Integer.BYTES, frame.length);
  }

  @Test
  void anAsynchronousCallIsAnswered() {
    assertThat(hello("ttheader-ok").callAsync(c -> c.sendEcho("hi"), Hello.Client::receiveEcho))
        .succeedsWithin(Duration.ofSeconds(10))
        .isEqualTo("s|hi");
  }

  @Test
  void anExceptionOfTheServerIsThrown() {
    var hello = hello("framed-undeclared");

    assertThatExceptionOfType(TApplicationException.class)
        .isThrownBy(() -> hello.call(c -> c.echo("boom")))
        .withMessage("biz error: boom")
        .satisfies(e -> assertThat(e.getType()).isEqualTo(6));
  }

  @Test
  void aBizStatusIsThrown() {
    server.script(
        (request, peer) ->
            peer.send(
                io.registryetcd.kitex.wire.BizStatus.reply(
                    request, new BizStatusException(1001, "biz", Map.of("k", "v")))));
    fixture.register(server.instance());
    var hello =
        KitexThriftClient.of(fixture.client(b -> b.framing(Framing.TTHEADER)), new Factory());

    assertThatExceptionOfType(BizStatusException.class)
        .isThrownBy(() -> hello.call(c -> c.echo("biz")))
        .satisfies(e -> assertThat(e.status()).isEqualTo(1001));
  }

  @Test
  void aOnewayCallIsSent() throws Exception {
    hello("framed-ok").run(c -> c.fire("hi"));

    await().until(() -> server.requests.size() == 1);
    assertThat(server.requests.get(0).type()).isEqualTo(Message.Type.ONEWAY);
    assertThat(server.requests.get(0).payload()).isEqualTo(payloadOf("framed-oneway"));
  }

  @Test
  void aCallWithoutReplyTimesOut() {
    fixture.register(server.instance());
    var hello =
        KitexThriftClient.of(
            fixture.client(b -> b.callTimeout(Duration.ofMillis(100))), new Factory());

    assertThatExceptionOfType(TTransportException.class)
        .isThrownBy(() -> hello.call(c -> c.echo("hi")))
        .satisfies(e -> assertThat(e.getType()).isEqualTo(TTransportException.TIMED_OUT));
  }

  @Test
  void withoutAnInstanceNothingIsSent() {
    assertThatExceptionOfType(TTransportException.class)
        .isThrownBy(
            () -> KitexThriftClient.of(fixture.client(), new Factory()).call(c -> c.echo("hi")))
        .satisfies(e -> assertThat(e.getType()).isEqualTo(TTransportException.NOT_OPEN))
        .withCauseInstanceOf(NoInstanceException.class);
  }

  /** A client whose first call is answered as captured. */
  private KitexThriftClient<Hello.Client> hello(String id) {
    server.script(FakeKitexServer.replying(KitexVectors.reply(id).bytes()));
    fixture.register(server.instance());
    return KitexThriftClient.of(fixture.client(), new Factory());
  }
}
