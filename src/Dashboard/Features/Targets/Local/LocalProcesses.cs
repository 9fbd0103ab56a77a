using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets.Local.Inventory;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Runtime processes on this machine.</summary>
internal sealed class LocalProcesses(IOptions<LocalTargetOptions> options, ProcessReader reader, TimeProvider time) : IReplicaProcesses
{
    // The shell opens the log before the runtime exists and is replaced by it, so no pipe leads back to the dashboard and the
    // process id stays the same. A session of its own keeps Ctrl+C and a closing terminal away from it.
    private const string Script = """
        log=$1; shift
        exec >>"$log" 2>&1 </dev/null
        if command -v setsid >/dev/null 2>&1; then exec setsid "$@"; fi
        exec "$@"
        """;

    // What a process needs from the machine; everything else of the dashboard's environment may be a secret.
    private static readonly string[] Inherited =
    [
        "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "SystemRoot", "TEMP", "TMP", "USERPROFILE", "PATHEXT",
    ];

    /// <inheritdoc/>
    public IReplicaProcess Start(ReplicaLaunch launch)
    {
        var runtime = options.Value.RuntimePath ?? Path.Combine(AppContext.BaseDirectory, "runtime", "Ops.Runtime.dll");
        if (!File.Exists(runtime))
        {
            throw new IOException($"The runtime is not there: {runtime}. Build the dashboard again or set {LocalTargetOptions.Section}:RuntimePath.");
        }

        string[] command = [.. runtime.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? [DotnetHost(), runtime] : (string[])[runtime], "--config", launch.ConfigFile];
        var start = OperatingSystem.IsWindows() ? new ProcessStartInfo(command[0], command[1..]) : new ProcessStartInfo("/bin/sh", ["-c", Script, "ops-replica", launch.LogFile, .. command]);
        start.UseShellExecute = false;
        start.CreateNoWindow = true;
        start.WorkingDirectory = Path.GetDirectoryName(launch.ConfigFile)!;
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        SetEnvironment(start.Environment, launch.Environment);
        try
        {
            var process = Process.Start(start) ?? throw new IOException("The system started no process.");
            return new ChildProcess(process, reader, time.GetUtcNow());
        }
        catch (Win32Exception e)
        {
            throw new IOException($"The system could not start a process: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public IReplicaProcess? Find(string runFolder, ProcessReport? report)
    {
        if (report is not null && Open(report.Pid, runFolder, report.StartedAt) is { } process)
        {
            return process;
        }

        // A process that has not reported yet is found by its command line, which names the folder from its first moment.
        return OperatingSystem.IsLinux()
            ? Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0)
                .Where(id => id > 0 && id != Environment.ProcessId)
                .Select(id => Open(id, runFolder, null))
                .FirstOrDefault(found => found is not null)
            : null;
    }

    private AdoptedProcess? Open(int pid, string runFolder, DateTimeOffset? startedAt) =>
        reader.Read(pid) is { } figures && AdoptedProcess.IsOf(figures, runFolder, startedAt) ? new AdoptedProcess(figures, reader, time) : null;

    private static void SetEnvironment(IDictionary<string, string?> environment, IReadOnlyDictionary<string, string> planned)
    {
        var inherited = Inherited.Where(environment.ContainsKey).Select(name => (name, environment[name])).ToList();
        environment.Clear();
        foreach (var (name, value) in planned.Where(v => EnvironmentVariableRules.Refuse(v.Key) is null))
        {
            environment[name] = value;
        }

        // After the planned ones, so that these cannot be replaced by them.
        foreach (var (name, value) in inherited)
        {
            environment[name] = value;
        }

        // Its sockets for debuggers would pile up in the temporary folder with every process that is killed.
        environment["DOTNET_EnableDiagnostics"] = "0";
    }

    private static string DotnetHost()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        if (Environment.ProcessPath is { } self && Path.GetFileName(self) == name)
        {
            return self;
        }

        // <root>/shared/Microsoft.NETCore.App/<version>/ holds the platform this very process runs on.
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(beside) ? beside : name;
    }
}
