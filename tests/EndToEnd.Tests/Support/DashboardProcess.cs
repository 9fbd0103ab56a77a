using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Startup;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>
/// The built dashboard as a process of its own, with a data folder that goes away with it. It can be killed and started again where it was.
/// Disposing ends it gently and fails when a process of a replica is left behind.
/// </summary>
public sealed class DashboardProcess : IAsyncDisposable
{
    private static readonly TimeSpan Gentle = TimeSpan.FromSeconds(60);
    private readonly IReadOnlyDictionary<string, string> settings;
    private readonly StringBuilder output = new();
    private readonly ServiceProvider registry;
    private Process? process;

    private DashboardProcess(IReadOnlyDictionary<string, string> settings, int? port = null)
    {
        this.settings = settings;
        DataPath = Directory.CreateTempSubdirectory("ops-browser-").FullName;
        Address = new($"http://127.0.0.1:{port ?? FreePort()}");
        registry = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSqliteRegistry(Path.Combine(DataPath, "ops.db")).BuildServiceProvider();
    }

    /// <summary>Where it listens; the same after a restart.</summary>
    public Uri Address { get; }

    /// <summary>Its data folder.</summary>
    public string DataPath { get; }

    /// <summary>The processes of its replicas, whether it still knows of them or not.</summary>
    public IReadOnlyList<RuntimeProcess> Runtimes => RuntimeProcesses.Of(DataPath);

    /// <summary>What it has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <param name="settings">Configuration, such as <c>Ops:Uploads:MaxFiles</c>.</param>
    public static Task<DashboardProcess> StartAsync(params (string Key, string Value)[] settings) => StartAsync(_ => Task.CompletedTask, settings);

    /// <summary>Starts one over a registry that holds something already.</summary>
    /// <param name="seed">Fills the registry, which is migrated and otherwise as on a first start.</param>
    /// <param name="settings">Configuration.</param>
    public static Task<DashboardProcess> StartAsync(Func<RegistryDb, Task> seed, params (string Key, string Value)[] settings) =>
        StartAsync((db, _) => seed(db), FreePort(), settings);

    /// <summary>Starts one over a registry that holds something already, at a port that others know beforehand.</summary>
    /// <param name="seed">Fills the registry and the data folder.</param>
    /// <param name="port">From <see cref="FreePort"/>.</param>
    /// <param name="settings">Configuration.</param>
    public static async Task<DashboardProcess> StartAsync(Func<RegistryDb, string, Task> seed, int port, params (string Key, string Value)[] settings)
    {
        var dashboard = new DashboardProcess(settings.ToDictionary(s => s.Key, s => s.Value), port);
        await dashboard.registry.GetRequiredService<RegistryMigrator>().MigrateAsync();
        await using (var db = dashboard.OpenRegistry())
        {
            await seed(db, dashboard.DataPath);
        }

        return await dashboard.StartFirstAsync();
    }

    /// <summary>Starts one on a data folder that does not exist yet.</summary>
    public static async Task<DashboardProcess> StartFreshAsync(params (string Key, string Value)[] settings)
    {
        var dashboard = new DashboardProcess(settings.ToDictionary(s => s.Key, s => s.Value));
        Directory.Delete(dashboard.DataPath);
        return await dashboard.StartFirstAsync();
    }

    /// <summary>Starts it over the same data folder and waits until it is ready.</summary>
    public async Task StartAgainAsync()
    {
        Assert.True(File.Exists(TestFolders.DashboardProgram), $"Build the dashboard first: {TestFolders.DashboardProgram} is not there.");
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = TestFolders.Dashboard, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(TestFolders.DashboardProgram);
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["Urls"] = Address.ToString();
        start.Environment["Ops__DataPath"] = DataPath;
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        process?.Dispose();
        process = Process.Start(start) ?? throw new InvalidOperationException("The dashboard did not start.");
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await WaitUntilReadyAsync();
    }

    /// <summary>Ends it as <c>kill -9</c> does: nothing of it gets to run.</summary>
    public async Task KillAsync()
    {
        if (process is { HasExited: false })
        {
            process.Kill();

            // What it has started may hold on to its output, which would otherwise be waited for as well.
            await process.WaitForExitAsync().WaitAsync(Gentle);
        }
    }

    /// <summary>Ends it as a service manager does (SIGTERM), and waits.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        Assert.NotNull(process);
        if (!process.HasExited)
        {
            Assert.True(Signals.Terminate(process.Id), "The signal was refused.");
            using var patience = new CancellationTokenSource(Gentle);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                Assert.Fail($"The dashboard did not end within {Gentle.TotalSeconds:0} s after SIGTERM:\n{Output}");
            }
        }

        return process.ExitCode;
    }

    /// <summary>A context of its registry, beside the running process. Dispose it.</summary>
    public RegistryDb OpenRegistry() => registry.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContext();

    /// <summary>Makes an account that may sign in at once.</summary>
    public async Task<TestPerson> AddPersonAsync(Roles roles, string name)
    {
        await using var db = OpenRegistry();
        var person = TestPerson.Add(db, roles, name);
        await db.SaveChangesAsync();
        return person;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (process is { HasExited: false })
            {
                await StopAsync();
                Assert.Empty(Runtimes);
            }
        }
        finally
        {
            if (TestContext.Current.TestState?.Result == TestResult.Failed)
            {
                await File.WriteAllTextAsync(TestFolders.Result($"{TestContext.Current.Test?.TestDisplayName ?? "test"}-{Path.GetFileName(DataPath)}.log"), Output);
            }

            foreach (var left in Runtimes)
            {
                Signals.Kill(left.Pid);
            }

            process?.Dispose();
            await registry.DisposeAsync();
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            Directory.Delete(DataPath, recursive: true);
        }
    }

    // Nobody owns it yet, so nobody else would dispose it.
    private async Task<DashboardProcess> StartFirstAsync()
    {
        try
        {
            await StartAgainAsync();
            return this;
        }
        catch
        {
            await KillAsync();
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>A port of the loopback interface that nobody listens on.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Keep(string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }

    private async Task WaitUntilReadyAsync()
    {
        using var http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(5) };
        for (var tries = 0; tries < 600; tries++)
        {
            if (process!.HasExited)
            {
                break;
            }

            try
            {
                using var answer = await http.GetAsync("/health/ready");
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                // Not yet.
            }

            await Task.Delay(100);
        }

        throw new InvalidOperationException($"The dashboard did not become ready:\n{Output}");
    }
}

/// <summary>An account of a test.</summary>
/// <param name="Name">To sign in with.</param>
/// <param name="Password">To sign in with.</param>
public sealed record TestPerson(string Name, string Password)
{
    private const string AnyPassword = "seven quiet rivers";

    /// <summary>Adds an account that may sign in at once.</summary>
    public static TestPerson Add(RegistryDb db, Roles roles, string name)
    {
        var person = Person.Create(name, roles, TimeProvider.System.GetUtcNow());
        person.NormalizedUserName = name.ToUpperInvariant();
        person.PasswordHash = new PasswordHasher<Person>().HashPassword(person, AnyPassword);
        db.Users.Add(person);
        return new(name, AnyPassword);
    }
}
