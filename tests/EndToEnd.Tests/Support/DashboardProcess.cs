using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>The built dashboard as a process of its own, with a data folder that goes away with it. It can be killed and started again where it was.</summary>
public sealed class DashboardProcess : IAsyncDisposable
{
    private readonly string configuration;
    private readonly string project;
    private readonly IReadOnlyDictionary<string, string> settings;
    private readonly StringBuilder output = new();
    private readonly ServiceProvider registry;
    private Process? process;

    private DashboardProcess(IReadOnlyDictionary<string, string> settings)
    {
        this.settings = settings;
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        configuration = here.Parent!.Name;
        project = Path.Combine(RepositoryRoot(here), "src", "Dashboard");
        DataPath = Directory.CreateTempSubdirectory("ops-browser-").FullName;
        Address = new($"http://127.0.0.1:{FreePort()}");
        registry = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSqliteRegistry(Path.Combine(DataPath, "ops.db")).BuildServiceProvider();
    }

    /// <summary>Where it listens; the same after a restart.</summary>
    public Uri Address { get; }

    /// <summary>Its data folder.</summary>
    public string DataPath { get; }

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
    public static async Task<DashboardProcess> StartAsync(params (string Key, string Value)[] settings)
    {
        var dashboard = new DashboardProcess(settings.ToDictionary(s => s.Key, s => s.Value));
        await dashboard.StartAgainAsync();
        return dashboard;
    }

    /// <summary>Starts it over the same data folder and waits until it is ready.</summary>
    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = project, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(project, "bin", configuration, "net10.0", "Ops.Dashboard.dll"));
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["Urls"] = Address.ToString();
        start.Environment["Ops__DataPath"] = DataPath;
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

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
            await process.WaitForExitAsync();
        }
    }

    /// <summary>A context of its registry, beside the running process. Dispose it.</summary>
    public RegistryDb OpenRegistry() => registry.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContext();

    /// <summary>Makes an account that may sign in at once.</summary>
    public async Task<TestPerson> AddPersonAsync(Roles roles, string name)
    {
        const string password = "seven quiet rivers";
        var person = Person.Create(name, roles, TimeProvider.System.GetUtcNow());
        person.NormalizedUserName = name.ToUpperInvariant();
        person.PasswordHash = new PasswordHasher<Person>().HashPassword(person, password);
        await using var db = OpenRegistry();
        db.Users.Add(person);
        await db.SaveChangesAsync();
        return new(name, password);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process?.Dispose();
        await registry.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(DataPath, recursive: true);
    }

    private static string RepositoryRoot(DirectoryInfo from)
    {
        for (var folder = from; folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ops.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }

    private static int FreePort()
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
public sealed record TestPerson(string Name, string Password);
