using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>The engine's native library: the one that was shipped beside this assembly, never one from a search path.</summary>
internal static unsafe class OrtLibrary
{
    private const string Name = "onnxruntime";

    private static readonly Lazy<nint> Handle = new(() => NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "native", FileName)));

    private static readonly Lazy<string> VersionText = new(ReadVersion);

    /// <summary>The version of the loaded library, for instance <c>1.31.1</c>. Reading it starts nothing of the engine.</summary>
    public static string Version => VersionText.Value;

    private static string FileName =>
        OperatingSystem.IsWindows() ? "onnxruntime.dll"
        : OperatingSystem.IsMacOS() ? "libonnxruntime.dylib"
        : "libonnxruntime.so";

    /// <summary>Has to happen before the package's first call, whichever of its types comes first.</summary>
    [ModuleInitializer]
    internal static void UseShippedLibrary()
    {
        OrtEnv.DisableDllImportResolver = true;
        NativeLibrary.SetDllImportResolver(typeof(OrtEnv).Assembly, Resolve);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name.StartsWith(Name, StringComparison.Ordinal) ? Handle.Value : 0;

    /// <summary>The package answers this only through its environment, which asking would create with default threads.</summary>
    private static string ReadVersion()
    {
        var getApiBase = (delegate* unmanaged<ApiBase*>)NativeLibrary.GetExport(Handle.Value, "OrtGetApiBase");
        return Marshal.PtrToStringUTF8((nint)getApiBase()->GetVersionString()) ?? "unknown";
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ApiBase
    {
        public delegate* unmanaged<uint, nint> GetApi;
        public delegate* unmanaged<byte*> GetVersionString;
    }
}
