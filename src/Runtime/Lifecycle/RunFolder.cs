using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Lifecycle;

/// <summary>The folder through which this process and whoever started it know of each other.</summary>
internal sealed class RunFolder
{
    /// <summary>Exit code of a process whose run folder was gone before it began: it was given up.</summary>
    public const int GoneExitCode = 3;

    private const string FileName = "process.json";
    private readonly string? folder;
    private readonly string? instance;
    private readonly DateTime startedAt;

    public RunFolder(IOptions<RuntimeOptions> options)
        : this(options.Value.RunFolder, options.Value.Instance)
    {
    }

    public RunFolder(string? folder, string? instance)
    {
        this.folder = folder;
        this.instance = instance;
        using var self = Process.GetCurrentProcess();
        startedAt = self.StartTime.ToUniversalTime();
    }

    /// <summary>Whether anybody watches at all.</summary>
    public bool IsWatched => folder is not null;

    /// <summary>Whether the folder is there; true when nobody watches.</summary>
    public bool Exists => folder is null || Directory.Exists(folder);

    /// <summary>Replaces process.json in one step, so that a reader never sees half of it.</summary>
    /// <param name="snapshot">The state.</param>
    /// <param name="url">Where the server listens; null when it never came to that.</param>
    /// <param name="grpcUrl">Where it listens for gRPC; null when it does not.</param>
    /// <returns>False when the folder is gone.</returns>
    public bool Write(RuntimeSnapshot snapshot, string? url, string? grpcUrl = null)
    {
        if (folder is null)
        {
            return true;
        }

        var temporary = Path.Combine(folder, $".{FileName}.{Environment.ProcessId}");
        try
        {
            File.WriteAllBytes(temporary, Serialize(snapshot, url, grpcUrl));
            File.Move(temporary, Path.Combine(folder, FileName), overwrite: true);
            return true;
        }
        catch (Exception exception) when (exception is DirectoryNotFoundException or FileNotFoundException)
        {
            return false;
        }
    }

    private byte[] Serialize(RuntimeSnapshot snapshot, string? url, string? grpcUrl)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("pid", Environment.ProcessId);
            json.WriteString("url", url);
            json.WriteString("grpcUrl", grpcUrl);
            json.WriteString("startedAt", startedAt);
            json.WriteString("instance", instance);
            json.WriteString("state", snapshot.Phase.ToString().ToLowerInvariant());
            json.WriteString("error", snapshot.Error);
            json.WriteStartObject("progress");
            json.WriteNumber("bytesFetched", snapshot.BytesFetched);
            json.WriteNumber("bytesTotal", snapshot.BytesTotal);
            json.WriteEndObject();
            if (snapshot.Step is { } step)
            {
                json.WriteStartObject("step");
                json.WriteString("name", step.Name);
                json.WriteNumber("done", step.Done);
                json.WriteNumber("total", step.Total);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
