using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Hosting;
using Ops.Data;

namespace Ops.Integration.Tests.Targets;

/// <summary>The dashboard as a process of its own that is really killed.</summary>
public sealed class KilledDashboardProcessTests : IAsyncLifetime
{
    private const string Request = """{"inputs":[{"name":"input","shape":[1,1,8,8],"datatype":"FP32","data":[DATA]}]}""";
    private readonly string data = Directory.CreateTempSubdirectory("ops-killed-").FullName;
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private Process? dashboard;
    private Uri? address;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (dashboard is { HasExited: false })
        {
            dashboard.Kill();
            await dashboard.WaitForExitAsync();
        }

        foreach (var id in Replicas())
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }

        dashboard?.Dispose();
        http.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Dashboard_KilledAgainAndAgain_ServesFromTheSameProcessAndLeavesNone()
    {
        await StartAsync();
        await ArrangeAsync(replicas: 2);
        await UntilServingAsync();
        await UntilAsync(() => Replicas().Count == 2, "two replicas run");
        var before = Replicas();

        // At different moments of its start: while it migrates, opens the target, adopts, reconciles.
        foreach (var milliseconds in new[] { 300, 900, 1500, 2200, 3000 })
        {
            await KillAsync();
            Assert.Equal(before, Replicas());
            await StartAsync(waitForHealth: false);
            await Task.Delay(milliseconds);
        }

        await KillAsync();
        await StartAsync();
        await UntilServingAsync();
        Assert.Equal(before, Replicas());

        await StopGentlyAsync();
        Assert.Empty(Replicas());
    }

    [Fact]
    public async Task Dashboard_KilledWhileReplicasStart_ConvergesToThePlannedNumber()
    {
        await StartAsync();
        await ArrangeAsync(replicas: 2);
        foreach (var milliseconds in new[] { 200, 500, 800, 1100 })
        {
            await Task.Delay(milliseconds);
            await KillAsync();
            await StartAsync(waitForHealth: false);
        }

        await UntilServingAsync();
        await UntilAsync(() => Replicas().Count == 2 && Directory.GetDirectories(Path.Combine(data, "local", "replicas")).Length == 2, "two replicas, two folders");
        await Task.Delay(1500);
        Assert.Equal(2, Replicas().Count);

        await StopGentlyAsync();
        Assert.Empty(Replicas());
    }

    private async Task StartAsync(bool waitForHealth = true)
    {
        dashboard?.Dispose();
        using var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        address = new Uri($"http://127.0.0.1:{((System.Net.IPEndPoint)probe.LocalEndpoint).Port}");
        probe.Stop();
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Ops.Dashboard.dll"), "--urls", address.ToString(), $"--Ops:DataPath={data}"])
        {
            WorkingDirectory = data,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        dashboard = Process.Start(start)!;
        _ = dashboard.StandardOutput.ReadToEndAsync();
        _ = dashboard.StandardError.ReadToEndAsync();
        if (waitForHealth)
        {
            await UntilAsync(() => AnswersAsync("/health/ready"), "the dashboard is ready");
        }
    }

    private async Task KillAsync()
    {
        dashboard!.Kill();
        await dashboard.WaitForExitAsync();
    }

    private async Task StopGentlyAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", dashboard!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await dashboard.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }

    private async Task ArrangeAsync(int replicas)
    {
        await using var services = new ServiceCollection().AddSqliteRegistry(Path.Combine(data, "ops.db")).BuildServiceProvider();
        await using var db = await services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContextAsync();
        await StableDigits.ArrangeAsync(db, new FileSystemStore(new DataFolder(data)), replicas, memoryMiB: 512);
    }

    private Task UntilServingAsync() => UntilAsync(
        async () =>
        {
            try
            {
                using var answer = await http.PostAsync(
                    new Uri(address!, "/serve/digits/v2/models/digits/infer"),
                    new StringContent(Request.Replace("DATA", string.Join(',', Enumerable.Repeat(0, 64)), StringComparison.Ordinal), null, "application/json"));
                return answer.IsSuccessStatusCode && (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("outputs")[0].GetProperty("data").GetArrayLength() == 10;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        },
        "the endpoint answers through the dashboard");

    private async Task<bool> AnswersAsync(string path)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(address!, path));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"Not within 60 s: {what}.");
            await Task.Delay(50);
        }
    }

    private List<int> Replicas() =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0)
            .Where(id => id > 0 && CommandLine(id).Contains(Path.Combine(data, "local", "replicas"), StringComparison.Ordinal))
            .Order(),
    ];

    private static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
