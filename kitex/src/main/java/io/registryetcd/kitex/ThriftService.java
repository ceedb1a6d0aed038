package io.registryetcd.kitex;

import io.registryetcd.kitex.wire.Message;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.thrift.TAsyncProcessor;
import org.apache.thrift.TBaseProcessor;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.TProcessor;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;

/**
 * A Thrift service, served by the code that the Apache Thrift compiler generated, or by any other
 * {@code TProcessor}.
 *
 * <pre>{@code
 * ThriftService.of(Hello.Iface.class, new HelloHandler(), Hello.Processor::new)
 * }</pre>
 *
 * <p>Works with libthrift 0.17.0 to 0.23.0 (tested with 0.20.0 and 0.23.0). What the handler throws
 * is answered as Kitex does: exceptions that the IDL declares as such; {@link BizStatusException}
 * as the status of the application; everything else as application exception 6 with the text {@code
 * biz error: <text>}.
 *
 * <p>The handler is called by many threads at once.
 *
 * @since 0.1
 */
public final class ThriftService extends KitexService {

  private static final int REPLY_ROOM = 4096; // at first

  private final TProcessor processor;

  private ThriftService(String name, TProcessor processor, Optional<Set<String>> methods) {
    super(Message.Protocol.THRIFT, name, methods);
    if (processor instanceof TAsyncProcessor) {
      throw new IllegalArgumentException(
          "processor: "
              + processor.getClass().getName()
              + " (expected: a synchronous one, such as Hello.Processor instead of Hello.AsyncProcessor)");
    }
    this.processor = processor;
  }

  /**
   * A service with generated code. Its name is that of the class around the interface, which is
   * that of the service in the IDL.
   *
   * @param <I> the generated interface
   * @param iface the generated interface; in a named module its package must be exported, at least
   *     to {@code io.registryetcd.kitex}
   * @param handler handles the calls
   * @param processor makes the generated processor: {@code Hello.Processor::new}
   * @return the service
   * @throws IllegalArgumentException if there is no class around the interface, or it is not
   *     accessible
   */
  public static <I> ThriftService of(
      Class<I> iface, I handler, Function<? super I, ? extends TProcessor> processor) {
    Class<?> service = iface.getEnclosingClass();
    if (service == null || !iface.isInterface() || !isAccessible(iface)) {
      throw new IllegalArgumentException(
          "iface: "
              + iface.getName()
              + " (expected: the interface Iface inside the class of a service that the Thrift"
              + " compiler generated, public and in a package that is exported)");
    }
    return of(service.getSimpleName(), processor.apply(ThriftHandler.guarding(iface, handler)));
  }

  private static boolean isAccessible(Class<?> iface) {
    return Modifier.isPublic(iface.getModifiers())
        && iface.getModule().isExported(iface.getPackageName(), ThriftService.class.getModule());
  }

  /**
   * A service with any processor. If it is a generated one (a {@code TBaseProcessor}), the service
   * has the methods of the processor; else it has whatever method is called.
   *
   * <p>A handler inside a generated processor should be given by {@link #of(Class, Object,
   * Function)}: here libthrift puts a text of its own into the place of what the handler threw,
   * also of a {@link BizStatusException}.
   *
   * @param name the service's name in the IDL
   * @param processor reads a call to its end ({@code readMessageEnd}), and writes its reply; what
   *     it throws before that end is taken for arguments that cannot be read
   * @return the service
   */
  public static ThriftService of(String name, TProcessor processor) {
    return new ThriftService(name, processor, methodsOf(processor));
  }

  /**
   * A service with any processor that has these methods.
   *
   * @param name the service's name in the IDL
   * @param processor reads a call to its end ({@code readMessageEnd}), and writes its reply; what
   *     it throws before that end is taken for arguments that cannot be read
   * @param methods the names of its methods
   * @return the service
   */
  public static ThriftService of(String name, TProcessor processor, Set<String> methods) {
    return new ThriftService(name, processor, Optional.of(methods));
  }

  private static Optional<Set<String>> methodsOf(TProcessor processor) {
    return processor instanceof TBaseProcessor<?> generated
        ? Optional.of(generated.getProcessMapView().keySet())
        : Optional.empty();
  }

  @Override
  void handle(Message request, Consumer<? super Optional<Message>> answer) throws Throwable {
    int size = request.payload().length;
    var limits = new TConfiguration(size, size, TConfiguration.DEFAULT_RECURSION_DEPTH);
    var in = new ThriftArguments(new TMemoryInputTransport(limits, request.payload()));
    var out = new TMemoryBuffer(Math.min(size, REPLY_ROOM));
    try {
      processor.process(in, new TBinaryProtocol(out));
    } catch (Throwable e) { // whatever a processor throws
      addThrown(e);
      if (!in.areRead()) {
        answer.accept(Optional.of(Replies.unreadableArguments(request, Replies.text(e))));
        return;
      }
      if (request.type() == Message.Type.ONEWAY) {
        answer.accept(Optional.empty());
      }
      throw e;
    }
    boolean oneway = out.length() == 0;
    if (oneway) {
      answer.accept(Optional.empty());
    }
    ThriftHandler.rethrow();
    if (!oneway) {
      byte[] reply = Arrays.copyOf(out.getArray(), out.length());
      answer.accept(Optional.of(request.reply(reply)));
    }
  }

  /** What the handler threw goes with the later failure, not into the thread's next call. */
  private static void addThrown(Throwable failure) {
    try {
      ThriftHandler.rethrow();
    } catch (Throwable thrown) {
      if (thrown != failure) {
        failure.addSuppressed(thrown);
      }
    }
  }
}
