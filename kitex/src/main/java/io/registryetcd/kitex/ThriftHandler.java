package io.registryetcd.kitex;

import com.google.common.base.Defaults;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Objects;
import org.apache.thrift.TException;
import org.jspecify.annotations.Nullable;

/**
 * Stands between generated code and a handler, and keeps what the handler threw although the IDL
 * does not declare it: libthrift would log it as an error, whatever it is, and answer with a text
 * of its own. The generated code sees a handler that returned nothing, and writes a reply, to be
 * thrown away, or none where the method is oneway.
 */
final class ThriftHandler implements InvocationHandler {

  private static final ThreadLocal<Throwable> THROWN = new ThreadLocal<>();

  private final Object handler;

  private ThriftHandler(Object handler) {
    this.handler = handler;
  }

  /** What to give to generated code instead of the handler. */
  static <I> I guarding(Class<I> iface, I handler) {
    return iface.cast(
        Proxy.newProxyInstance(
            iface.getClassLoader(), new Class<?>[] {iface}, new ThriftHandler(handler)));
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] args)
      throws Throwable {
    try {
      return method.invoke(handler, args);
    } catch (InvocationTargetException e) {
      Throwable cause = Objects.requireNonNull(e.getCause());
      if (isDeclared(method, cause)) {
        throw cause;
      }
      THROWN.set(cause);
      return Defaults.defaultValue(method.getReturnType());
    }
  }

  private static boolean isDeclared(Method method, Throwable cause) {
    for (Class<?> type : method.getExceptionTypes()) {
      if (type != TException.class && type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }

  /** Throws what a handler threw on this thread since this was last asked. */
  static void rethrow() throws Throwable {
    Throwable thrown = THROWN.get();
    if (thrown != null) {
      THROWN.remove();
      throw thrown;
    }
  }
}
