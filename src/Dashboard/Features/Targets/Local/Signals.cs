using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Signals to processes.</summary>
internal static partial class Signals
{
    private const int Sigterm = 15;

    /// <summary>Asks a process to end (SIGTERM). False where there is no such signal or the system refused.</summary>
    public static bool Terminate(int pid) => !OperatingSystem.IsWindows() && Send(pid, Sigterm) == 0;

    /// <summary>Ends a process at once.</summary>
    public static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended meanwhile, which is all that was wanted.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Send(int pid, int signal);
}
