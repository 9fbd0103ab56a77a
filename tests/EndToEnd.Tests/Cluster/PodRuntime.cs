using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Ops.EndToEnd.Tests.Support;

namespace Ops.EndToEnd.Tests.Cluster;

/// <summary>A real runtime process that stands for the containers of a revision's pods, of which a double of the cluster has only the objects.</summary>
internal sealed class PodRuntime : IAsyncDisposable
{
    private readonly Process process;
    private readonly string folder;

    private PodRuntime(Process process, string folder, Uri address) => (this.process, this.folder, Address) = (process, folder, address);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Starts one that serves a file as a model and waits until it is ready.</summary>
    public static async Task<PodRuntime> StartAsync(string file, string model, int version)
    {
        var folder = Directory.CreateTempSubdirectory("ops-pod-").FullName;
        var address = new Uri($"http://127.0.0.1:{DashboardProcess.FreePort()}");
        var hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file)));
        var configuration = Path.Combine(folder, "runtime.json");
        await File.WriteAllBytesAsync(configuration, JsonSerializer.SerializeToUtf8Bytes(new
        {
            Ops = new
            {
                Runtime = new
                {
                    Urls = address.ToString(),
                    CacheFolder = Path.Combine(folder, "cache"),
                    Models = new[]
                    {
                        new { Name = model, Version = $"{version}", Digest = hash, Format = "onnx", Files = new[] { new { Path = "model.onnx", Source = new Uri(file).AbsoluteUri, Sha256 = hash, Size = new FileInfo(file).Length } } },
                    },
                },
            },
        }));
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(Path.GetDirectoryName(TestFolders.DashboardProgram)!, "runtime", "Ops.Runtime.dll"));
        start.ArgumentList.Add("--config");
        start.ArgumentList.Add(configuration);
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var pod = new PodRuntime(process, folder, address);
        using var http = new HttpClient { BaseAddress = address };
        await Eventually.TrueAsync("The runtime is ready", TimeSpan.FromSeconds(30), async () =>
        {
            try
            {
                using var answer = await http.GetAsync("/v2/health/ready");
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return pod;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
