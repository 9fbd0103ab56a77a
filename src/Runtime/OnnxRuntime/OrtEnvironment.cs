using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// The engine's process-wide state: its log, and one pool of threads that all sessions share, so that a process with
/// several models still keeps to the CPU it was given.
/// </summary>
internal sealed unsafe class OrtEnvironment : IDisposable
{
    private const int WarningSeverity = 2;

    /// <summary>The engine keeps one environment per process, so its messages go to whoever created it last.</summary>
    private static Action<int, string>? sink;

    private OrtEnvironment(OrtEnvHandle handle) => Handle = handle;

    internal OrtEnvHandle Handle { get; }

    /// <summary>Creates the environment, or joins the one this process already has (its thread count then stays).</summary>
    /// <param name="threads">CPU threads that one operator may use, the calling one included; at least 1. Never 0: the
    /// engine would count the machine's cores and overlook the CPU affinity.</param>
    /// <param name="spin">Whether idle pool threads spin for a while: lower latency, but CPU burnt beside others.</param>
    /// <param name="log">Receives warnings and errors of the engine: severity (2 warning, 3 error, 4 fatal) and text.</param>
    public static OrtEnvironment Create(int threads, bool spin, Action<int, string> log)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        sink = log;
        nint created = 0;
        OrtApi.Check(OrtApi.CreateThreadingOptions(&created));
        using var options = new OrtThreadingOptionsHandle(created);
        using var lease = options.Use();
        OrtApi.Check(OrtApi.SetGlobalIntraOpNumThreads(lease.Value, threads));
        OrtApi.Check(OrtApi.SetGlobalInterOpNumThreads(lease.Value, 1));
        OrtApi.Check(OrtApi.SetGlobalSpinControl(lease.Value, spin ? 1 : 0));
        nint env = 0;
        fixed (byte* id = "ops\0"u8)
        {
            OrtApi.Check(OrtApi.CreateEnvWithCustomLoggerAndGlobalThreadPools(&OnLog, 0, WarningSeverity, id, lease.Value, &env));
        }

        var handle = new OrtEnvHandle(env);
        OrtApi.Check(OrtApi.DisableTelemetryEvents(env));
        return new OrtEnvironment(handle);
    }

    public void Dispose() => Handle.Dispose();

    [UnmanagedCallersOnly]
    private static void OnLog(nint parameter, int severity, byte* category, byte* logId, byte* location, byte* message)
    {
        var text = Marshal.PtrToStringUTF8((nint)message);
        if (text is null)
        {
            return;
        }

        try
        {
            Volatile.Read(ref sink)?.Invoke(severity, text);
        }
#pragma warning disable CA1031 // An exception must not unwind through native frames: the process would die of a log line.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Console.Error.WriteLine($"A message of the engine could not be logged ({exception.GetType().Name}): {text}");
        }
    }
}
