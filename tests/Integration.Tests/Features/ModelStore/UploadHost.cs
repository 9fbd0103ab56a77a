using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Hosting;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.ModelStore;
using Ops.Data.Startup;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>The upload feature on a real server, a real database and a real disk, with people who are signed in by a header. Started again over the same folder it is the dashboard after a restart.</summary>
internal sealed class UploadHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly string root;
    private bool stopped;

    private UploadHost(WebApplication app, string root)
    {
        this.app = app;
        this.root = root;
    }

    public FaultyStore Store => (FaultyStore)app.Services.GetRequiredService<ModelStores>().Default;

    public Uri Address => new(app.Urls.First());

    public string Root => root;

    public CancellationToken Stopping => app.Lifetime.ApplicationStopping;

    public static async Task<UploadHost> StartAsync(
        string? root = null,
        TimeProvider? time = null,
        Action<ModelStoreOptions>? configure = null,
        IModelStore? store = null,
        Action<IServiceCollection>? services = null,
        string? postgres = null)
    {
        root ??= Directory.CreateTempSubdirectory("ops-upload-").FullName;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ContentRootPath = root });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var folder = new DataFolder(root);
        builder.Services.AddSingleton(folder);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        if (postgres is null)
        {
            builder.Services.AddSqliteRegistry(folder.DatabaseFile);
        }
        else
        {
            builder.Services.AddPostgresRegistry(postgres);
        }

        builder.Services.AddCommands();
        builder.Services.AddModelStore();
        builder.Services.RemoveAll<IModelStoreKind>();
        builder.Services.AddSingleton<IModelStoreKind>(new FaultyKind(new FaultyStore(store ?? new FileSystemStore(folder))));
        builder.Services.AddAuthentication(HeaderSignIn.Scheme).AddScheme<AuthenticationSchemeOptions, HeaderSignIn>(HeaderSignIn.Scheme, null);
        builder.Services.AddAuthorization();
        builder.Services.AddSingleton<IAntiforgery, NoAntiforgery>();
        builder.Services.AddDataProtection().PersistKeysToFileSystem(new DirectoryInfo(folder.Folder("keys")));
        services?.Invoke(builder.Services);
        if (configure is not null)
        {
            builder.Services.Configure(configure);
        }

        var app = builder.Build();
        app.MapModelStore();
        app.MapFetch();
        await app.Services.GetRequiredService<RegistryMigrator>().MigrateAsync();
        await app.StartAsync();
        return new UploadHost(app, root);
    }

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public RegistryDb Db() => Get<IDbContextFactory<RegistryDb>>().CreateDbContext();

    public async Task<Person> PersonAsync(string name, Roles roles = Roles.Operator)
    {
        await using var db = Db();
        var person = Person.Create(name, roles, Get<TimeProvider>().GetUtcNow());
        db.Users.Add(person);
        await db.SaveChangesAsync();
        return person;
    }

    public async Task<UploadClient> ClientAsync(string name = "olga", Roles roles = Roles.Operator) => ClientFor(await PersonAsync(name, roles));

    public UploadClient ClientFor(Person person)
    {
        var http = new HttpClient { BaseAddress = Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(HeaderSignIn.Scheme, $"{person.Id}|{person.UserName}|{person.SecurityStamp}");
        return new UploadClient(http);
    }

    /// <summary>Ends the process's part in it; the folder stays for the next start.</summary>
    public async Task StopAsync()
    {
        if (!stopped)
        {
            stopped = true;
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(root, recursive: true);
    }

    private sealed class FaultyKind(FaultyStore store) : IModelStoreKind
    {
        public string Kind => StoreKinds.FileSystem;

        public IReadOnlyList<string> SecretNames => [];

        public Result<IModelStore> Create(string name, string settingsJson, IReadOnlyDictionary<string, string> secrets) => Result.Of<IModelStore>(store);
    }

    private sealed class HeaderSignIn(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        public new const string Scheme = "Test";

        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header) || header.Parameter?.Split('|') is not [var id, var name, var stamp])
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }

            var identity = new ClaimsIdentity(
                [new(ClaimTypes.NameIdentifier, id), new(ClaimTypes.Name, name), new(Caller.StampClaim, stamp), new(Caller.HowClaim, "test")], Scheme);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme)));
        }
    }

    /// <summary>The real one is tested with the real sign-in, in <see cref="UploadSignInTests"/>.</summary>
    private sealed class NoAntiforgery : IAntiforgery
    {
        public AntiforgeryTokenSet GetAndStoreTokens(HttpContext httpContext) => GetTokens(httpContext);

        public AntiforgeryTokenSet GetTokens(HttpContext httpContext) => new(null, null, "form", "header");

        public Task<bool> IsRequestValidAsync(HttpContext httpContext) => Task.FromResult(true);

        public void SetCookieTokenAndHeader(HttpContext httpContext)
        {
        }

        public Task ValidateRequestAsync(HttpContext httpContext) => Task.CompletedTask;
    }
}
