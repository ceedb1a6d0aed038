package io.registryetcd.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** A service that sends and receives a text, without any generated code; and its client. */
final class Text {

  static final MethodDescriptor<String, String> ECHO =
      MethodDescriptor.<String, String>newBuilder()
          .setType(MethodType.UNARY)
          .setFullMethodName("test.Text/Echo")
          .setRequestMarshaller(new Utf8())
          .setResponseMarshaller(new Utf8())
          .build();

  private Text() {}

  /** Calls with a bound of 5 s; fails at once if there is no server. */
  static String call(Channel channel) {
    return ClientCalls.blockingUnaryCall(channel, ECHO, within(Duration.ofSeconds(5)), "hello");
  }

  /** Calls with a bound of 20 s; waits for a server. */
  static String callWhenReady(Channel channel) {
    return ClientCalls.blockingUnaryCall(
        channel, ECHO, within(Duration.ofSeconds(20)).withWaitForReady(), "hello");
  }

  /** How many of so many calls each server answered. */
  static Map<String, Integer> split(Channel channel, int calls) {
    var split = new TreeMap<String, Integer>();
    for (int i = 0; i < calls; i++) {
      split.merge(call(channel), 1, Integer::sum);
    }
    return split;
  }

  static CallOptions within(Duration time) {
    return CallOptions.DEFAULT.withDeadlineAfter(time.toMillis(), TimeUnit.MILLISECONDS);
  }

  static void close(ManagedChannel channel) {
    channel.shutdownNow();
    try {
      if (!channel.awaitTermination(10, TimeUnit.SECONDS)) {
        throw new AssertionError("channel does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Utf8 implements MethodDescriptor.Marshaller<String> {

    @Override
    public InputStream stream(String value) {
      return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      try {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
