using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Startup;
using Ops.Testing;

namespace Ops.Benchmarks.Uploads;

/// <summary>The built dashboard as a process of its own, whose memory is watched from outside.</summary>
internal sealed partial class MeasuredServer : IAsyncDisposable
{
    /// <summary>Whom <see cref="AddPerson"/> makes.</summary>
    public const string Name = "benchmark";

    /// <summary>Their password.</summary>
    public const string Password = "seven quiet rivers";
    private readonly Process process;
    private readonly Uri address;
    private readonly string data;
    private CancellationTokenSource? watching;
    private Task? watch;
    private long before;
    private long peak;

    private MeasuredServer(Process process, Uri address, string data) => (this.process, this.address, this.data) = (process, address, data);

    /// <summary>Starts it.</summary>
    /// <param name="data">Its data folder.</param>
    /// <param name="seed">Fills the registry beforehand.</param>
    /// <param name="settings">More of its configuration.</param>
    public static async Task<MeasuredServer> StartAsync(string data, Func<RegistryDb, Task>? seed = null, params (string Key, string Value)[] settings)
    {
        Directory.CreateDirectory(data);
        if (seed is not null)
        {
            await using var services = Registry(data);
            await services.GetRequiredService<RegistryMigrator>().MigrateAsync();
            await using var db = await services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContextAsync();
            await seed(db);
        }

        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var project = Path.Combine(Repository.Root, "src", "Dashboard");
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = project, RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(project, "bin", here.Parent!.Name, "net10.0", "Ops.Dashboard.dll"));
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["Urls"] = address.ToString();
        start.Environment["Ops__DataPath"] = data;
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("The dashboard did not start.");
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var server = new MeasuredServer(process, address, data);
        await server.WaitUntilReadyAsync();
        return server;
    }

    /// <summary>Where it answers.</summary>
    public Uri Address => address;

    /// <summary>Its memory now, in bytes.</summary>
    public long Memory => ResidentBytes();

    /// <summary>The CPU time it has used so far.</summary>
    public TimeSpan Processor
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Makes a person who can sign in.</summary>
    /// <param name="db">The registry; not saved yet.</param>
    /// <param name="roles">What they may do.</param>
    public static Person AddPerson(RegistryDb db, Roles roles)
    {
        var person = Person.Create(Name, roles, TimeProvider.System.GetUtcNow());
        person.NormalizedUserName = Name.ToUpperInvariant();
        person.PasswordHash = new PasswordHasher<Person>().HashPassword(person, Password);
        db.Users.Add(person);
        return person;
    }

    /// <summary>Makes an operator and signs in through the page.</summary>
    public async Task<HttpClient> SignInAsync()
    {
        await using (var services = Registry(data))
        await using (var db = await services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContextAsync())
        {
            AddPerson(db, Roles.Operator);
            await db.SaveChangesAsync();
        }

        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
        var page = await client.GetStringAsync("/account/sign-in");
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["Form.UserName"] = Name,
            ["Form.Password"] = Password,
            ["_handler"] = "sign-in",
            ["__RequestVerificationToken"] = Token().Match(page).Groups[1].Value,
        });
        using var answer = await client.PostAsync("/account/sign-in", form);
        if (answer.StatusCode != HttpStatusCode.Redirect)
        {
            throw new InvalidOperationException($"Signing in answered {answer.StatusCode}.");
        }

        var antiforgery = await client.GetFromJsonAsync<JsonElement>("/api/antiforgery");
        client.DefaultRequestHeaders.Add(antiforgery.GetProperty("header").GetString()!, antiforgery.GetProperty("token").GetString());
        return client;
    }

    /// <summary>Notes the memory now and watches for its peak, twenty times a second.</summary>
    public void BeginMemory()
    {
        before = peak = ResidentBytes();
        watching = new();
        watch = WatchAsync(watching.Token);
    }

    /// <summary>Memory before and at the peak, in bytes.</summary>
    public (long Before, long Peak) EndMemory()
    {
        watching!.Cancel();
        watch!.Wait();
        return (before, peak);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        watching?.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
    }

    /// <summary>The registry of a data folder.</summary>
    public static ServiceProvider Registry(string data) =>
        new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSqliteRegistry(Path.Combine(data, "ops.db")).BuildServiceProvider();

    private async Task WatchAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            peak = Math.Max(peak, ResidentBytes());
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private long ResidentBytes()
    {
        process.Refresh();
        return process.WorkingSet64;
    }

    private async Task WaitUntilReadyAsync()
    {
        using var http = new HttpClient { BaseAddress = address };
        for (var tries = 0; tries < 300 && !process.HasExited; tries++)
        {
            try
            {
                using var answer = await http.GetAsync("/health/ready");
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(100);
        }

        throw new InvalidOperationException("The dashboard did not become ready.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
