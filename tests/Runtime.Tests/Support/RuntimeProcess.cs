using System.Diagnostics;
using System.Text.Json;
using Ops.Runtime.Configuration;
using Ops.Testing.Runtime;

namespace Ops.Runtime.Tests.Support;

/// <summary>The runtime as a process of its own, started the way the dashboard's local driver does it.</summary>
internal sealed class RuntimeProcess : IAsyncDisposable
{
    private readonly TestFolder folder = new();
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> errors;

    private RuntimeProcess(IEnumerable<ModelOptions> models, bool createRunFolder, string? cpus, (string Key, string Value)[] environment)
    {
        if (createRunFolder)
        {
            Directory.CreateDirectory(RunFolder);
        }

        File.WriteAllBytes(folder.File("runtime.json"), Settings.Json(models, folder.File("cache"), RunFolder));
        var start = Command("--config", folder.File("runtime.json"));
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        if (cpus is not null)
        {
            // Of util-linux; it becomes the process it starts.
            var command = start.FileName;
            start.FileName = "taskset";
            start.ArgumentList.Insert(0, "-c");
            start.ArgumentList.Insert(1, cpus);
            start.ArgumentList.Insert(2, command);
        }

        process = Process.Start(start)!;
        output = process.StandardOutput.ReadToEndAsync();
        errors = process.StandardError.ReadToEndAsync();
    }

    public string RunFolder => folder.File("run");

    public string CacheFolder => folder.File("cache");

    public int Id => process.Id;

    public string Url => State.GetProperty("url").GetString()!;

    /// <summary>Where it listens.</summary>
    public Endpoints Endpoints => new(new Uri(Url), GrpcUrl is { } grpc ? new Uri(grpc) : null);

    public string? GrpcUrl => State.GetProperty("grpcUrl").GetString();

    /// <summary>What process.json says now; read anew each time.</summary>
    public JsonElement State => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(RunFolder, "process.json"))).RootElement.Clone();

    public static RuntimeProcess Start(IEnumerable<ModelOptions> models, bool createRunFolder = true, params (string Key, string Value)[] environment) =>
        new(models, createRunFolder, null, environment);

    /// <summary>Starts one that may use only some CPUs.</summary>
    /// <param name="cpus">Their list as taskset takes it.</param>
    public static RuntimeProcess StartOnCpus(string cpus, IEnumerable<ModelOptions> models, params (string Key, string Value)[] environment) =>
        new(models, createRunFolder: true, cpus, environment);

    /// <summary>How the runtime is started with arguments of one's own; what it writes can be read.</summary>
    public static ProcessStartInfo Command(params IEnumerable<string> args) =>
        new(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", [Path.Combine(AppContext.BaseDirectory, "Ops.Runtime.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

    public async Task WaitForStateAsync(string state)
    {
        await Eventually.TrueAsync(
            () => process.HasExited || (File.Exists(Path.Combine(RunFolder, "process.json")) && State.GetProperty("state").GetString() == state),
            $"the process to be {state}");
        Assert.False(process.HasExited, $"The process ended instead of becoming {state}.");
    }

    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString()]);
        kill.WaitForExit();
    }

    public async Task<(int ExitCode, string Output, string Errors)> WaitForExitAsync(double seconds = 30)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output, await errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
        folder.Dispose();
    }
}
