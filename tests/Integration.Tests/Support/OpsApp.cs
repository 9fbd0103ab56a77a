using System.Net.Http.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;

namespace Ops.Integration.Tests.Support;

/// <summary>
/// The real dashboard on a real socket, with a data folder of its own that goes away with it. Share one a test class:
/// <c>IClassFixture&lt;OpsApp&gt;</c>; where a test needs other settings, start another one with <see cref="StartAsync"/>.
/// </summary>
public sealed class OpsApp : IAsyncLifetime
{
    private readonly Dictionary<string, string> settings;
    private Factory? factory;

    public OpsApp()
        : this([])
    {
    }

    private OpsApp((string Key, string Value)[] overrides)
    {
        DataPath = Directory.CreateTempSubdirectory("ops-test-").FullName;
        settings = new()
        {
            ["Ops:DataPath"] = DataPath,
            ["Ops:Access:TriesPerName"] = "1000",
            ["Ops:Access:TriesPerAddress"] = "100000",
            ["Ops:Access:RevalidateOpenPagesEvery"] = "00:00:01",
            ["Urls"] = "http://127.0.0.1:0",
        };
        foreach (var (key, value) in overrides)
        {
            settings[key] = value;
        }
    }

    /// <summary>The dashboard's data folder.</summary>
    public string DataPath { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address => Running.ClientOptions.BaseAddress;

    /// <summary>Its services, for arranging and for looking behind the pages.</summary>
    public IServiceProvider Services => Running.Services;

    private Factory Running => factory ?? throw new InvalidOperationException("The application is not started.");

    /// <summary>Starts one with settings of its own. Dispose it.</summary>
    public static async Task<OpsApp> StartAsync(params (string Key, string Value)[] settings)
    {
        var app = new OpsApp(settings);
        await app.InitializeAsync();
        return app;
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync()
    {
        factory = new(settings);
        factory.UseKestrel(0);
        factory.StartServer();
        return ValueTask.CompletedTask;
    }

    /// <summary>Stops it and starts it again over the same data folder. Clients made before keep their cookies but not the address.</summary>
    public async Task RestartAsync()
    {
        await Running.DisposeAsync();
        await InitializeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Running.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(DataPath, recursive: true);
    }

    /// <summary>A context of the registry. Dispose it.</summary>
    public RegistryDb OpenRegistry() => Services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContext();

    /// <summary>Makes an account that may sign in at once.</summary>
    public async Task<TestPerson> AddPersonAsync(Roles roles, string? name = null)
    {
        const string password = "seven quiet rivers";
        var hasher = Services.GetRequiredService<IPasswordHasher<Person>>();
        var person = Person.Create(name ?? $"p-{Guid.NewGuid():N}"[..14], roles, TimeProvider.System.GetUtcNow());
        person.NormalizedUserName = Services.GetRequiredService<ILookupNormalizer>().NormalizeName(person.UserName);
        person.PasswordHash = hasher.HashPassword(person, password);
        await using var db = OpenRegistry();
        db.Users.Add(person);
        await db.SaveChangesAsync();
        return new(person.Id, person.UserName!, password);
    }

    /// <summary>Makes an account with these roles and signs it in.</summary>
    public async Task<TestBrowser> SignInAsync(Roles roles) => await SignInAsync(await AddPersonAsync(roles));

    /// <summary>Signs in through the page, as a browser does. Changes under /api may be sent at once: the antiforgery header is set.</summary>
    public async Task<TestBrowser> SignInAsync(TestPerson person)
    {
        var browser = OpenBrowser(person);
        using var answer = await browser.SubmitAsync("/account/sign-in", "sign-in", ("UserName", person.Name), ("Password", person.Password));
        Assert.Equal("/", TestBrowser.RedirectOf(answer));
        await browser.RefreshAntiforgeryAsync();
        return browser;
    }

    /// <summary>A browser that is not signed in.</summary>
    public TestBrowser OpenBrowser() => OpenBrowser(null);

    /// <summary>Audit entries whose action begins so, oldest first.</summary>
    public async Task<IReadOnlyList<AuditEntry>> AuditAsync(string actionPrefix)
    {
        await using var db = OpenRegistry();
        return await db.AuditEntries.AsNoTracking().Where(entry => entry.Action.StartsWith(actionPrefix)).OrderBy(entry => entry.Id).ToListAsync();
    }

    private TestBrowser OpenBrowser(TestPerson? person) => new(Address, person);

    private sealed class Factory(IReadOnlyDictionary<string, string> settings) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Development");
            foreach (var (key, value) in settings)
            {
                builder.UseSetting(key, value);
            }

            builder.ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        }
    }
}

/// <summary>An account of a test.</summary>
public sealed record TestPerson(Guid Id, string Name, string Password);
