package io.registryetcd.sim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * The engine with some text of its source replaced: compiled in memory and loaded, together with
 * the simulation, by a loader of its own. Fails loudly when the text to replace is not there, or
 * more than once.
 */
final class PatchedEngine extends ClassLoader {

  private static final String PACKAGE = "io.registryetcd.";

  static {
    // the module of the engine has no need of the compiler
    ModuleLayer.boot()
        .findModule("java.compiler")
        .ifPresent(compiler -> PatchedEngine.class.getModule().addReads(compiler));
  }

  /** A text in a class of the engine, and what to put in its place. */
  record Patch(String className, String text, String replacement) {

    private String apply(String source) {
      int first = source.indexOf(text);
      if (first < 0 || source.indexOf(text, first + 1) >= 0) {
        throw new AssertionError(
            "planted bug is out of date: " + className + " must contain exactly once: " + text);
      }
      return source.replace(text, replacement);
    }

    private String read() {
      try {
        return Files.readString(sources().resolve("io/registryetcd/" + className + ".java"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Of this module, whether the build runs in its folder or in that of the whole project. */
    private static Path sources() {
      Path here = Path.of("src/main/java");
      return Files.isDirectory(here.resolve("io/registryetcd"))
          ? here
          : Path.of("core").resolve(here);
    }
  }

  private final Map<String, byte[]> compiled = new HashMap<>();

  PatchedEngine(List<Patch> patches) {
    super(PatchedEngine.class.getClassLoader());
    compile(patches);
  }

  private void compile(List<Patch> patches) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
    Map<String, String> texts = new TreeMap<>();
    for (Patch patch : patches) {
      String text = texts.computeIfAbsent(patch.className(), name -> patch.read());
      texts.put(patch.className(), patch.apply(text));
    }
    List<JavaFileObject> sources = new ArrayList<>();
    texts.forEach((name, text) -> sources.add(new Source(name, text)));
    try (StandardJavaFileManager files = compiler.getStandardFileManager(problems, null, null)) {
      List<String> options = List.of("-proc:none", "-nowarn", "-classpath", classPath());
      boolean done =
          compiler.getTask(null, new Collector(files), problems, options, null, sources).call();
      if (!done) {
        throw new AssertionError("planted bug does not compile: " + problems.getDiagnostics());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String classPath() {
    String separator = System.getProperty("path.separator");
    return String.join(
        separator,
        "target/classes",
        "core/target/classes",
        System.getProperty("java.class.path", ""),
        System.getProperty("jdk.module.path", ""));
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(PACKAGE)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded == null) {
        byte[] code = compiled.containsKey(name) ? compiled.get(name) : original(name);
        loaded = defineClass(name, code, 0, code.length);
      }
      return loaded;
    }
  }

  private static byte[] original(String name) throws ClassNotFoundException {
    String resource = "/" + name.replace('.', '/') + ".class";
    try (InputStream in = PatchedEngine.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  /** A source in memory. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String className, String text) {
      super(URI.create("memory:///io/registryetcd/" + className + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** Keeps what the compiler writes. */
  private final class Collector extends ForwardingJavaFileManager<JavaFileManager> {

    Collector(JavaFileManager files) {
      super(files);
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("memory:///" + className + ".class"), kind) {
        @Override
        public OutputStream openOutputStream() {
          return new ByteArrayOutputStream() {
            @Override
            public void close() {
              compiled.put(className, toByteArray());
            }
          };
        }
      };
    }
  }
}
