using System.Globalization;
using System.Text.Json;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>A replica's process.</summary>
/// <param name="Pid">Its id.</param>
/// <param name="ReplicaFolder">Where the dashboard keeps what it knows of it.</param>
public sealed record RuntimeProcess(int Pid, string ReplicaFolder)
{
    /// <summary>The plan it was started for, as written down before it was; null when the record is gone.</summary>
    public Guid? PlanId()
    {
        var record = Path.Combine(ReplicaFolder, "replica.json");
        return File.Exists(record) ? JsonDocument.Parse(File.ReadAllBytes(record)).RootElement.GetProperty("planId").GetGuid() : null;
    }
}

/// <summary>Looks for runtime processes in the system's own list, so that nothing a dashboard has lost track of escapes.</summary>
public static class RuntimeProcesses
{
    /// <summary>Those that run on a data folder: their command lines name it.</summary>
    public static IReadOnlyList<RuntimeProcess> Of(string dataPath)
    {
        var replicas = Path.Combine(dataPath, "local", "replicas") + Path.DirectorySeparatorChar;
        return
        [
            .. Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
                .Where(pid => pid > 0)
                .Select(pid => (Pid: pid, Config: CommandLine(pid).LastOrDefault(part => part.StartsWith(replicas, StringComparison.Ordinal))))
                .Where(found => found.Config is not null)
                .Select(found => new RuntimeProcess(found.Pid, replicas + found.Config![replicas.Length..].Split('/')[0])),
        ];
    }

    private static string[] CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            // Somebody else's.
            return [];
        }
    }
}
