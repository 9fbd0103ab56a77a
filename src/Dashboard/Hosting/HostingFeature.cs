using Microsoft.Extensions.Options;
using Ops.Data;
using Ops.Data.Startup;

namespace Ops.Dashboard.Hosting;

/// <summary>The data folder, the database and the keys that everything else stands on.</summary>
internal static class HostingFeature
{
    /// <summary>Where it listens unless told otherwise: on this machine only.</summary>
    private const string DefaultAddress = "http://localhost:5080";

    // Each of these names an address to listen on. The default is no setting in a file, because there it would win over ASPNETCORE_URLS.
    private static readonly string[] AddressKeys = ["urls", "http_ports", "https_ports"];

    /// <summary>Adds them from configuration. Throws <see cref="OptionsValidationException"/> naming every wrong key.</summary>
    public static WebApplicationBuilder AddHosting(this WebApplicationBuilder builder)
    {
        if (AddressKeys.All(key => string.IsNullOrEmpty(builder.Configuration[key])) && !builder.Configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(DefaultAddress);
        }

        builder.Services.AddSingleton<IValidateOptions<OpsOptions>, ValidateOpsOptions>();
        builder.Services.AddOptions<OpsOptions>().BindConfiguration(OpsOptions.Section).ValidateOnStart();

        var options = builder.Configuration.GetSection(OpsOptions.Section).Get<OpsOptions>() ?? new OpsOptions();
        var validation = new ValidateOpsOptions().Validate(null, options);
        if (validation.Failed)
        {
            throw new OptionsValidationException(OpsOptions.Section, typeof(OpsOptions), validation.Failures);
        }

        var folder = new DataFolder(Path.GetFullPath(options.DataPath, builder.Environment.ContentRootPath));
        builder.Services.AddSingleton(folder);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddKeys(options, folder);
        if (options.Database == "postgres")
        {
            builder.Services.AddPostgresRegistry(options.ConnectionString!);
        }
        else
        {
            builder.Services.AddSqliteRegistry(folder.DatabaseFile);
        }

        builder.Services.AddHealthChecks().AddDbContextCheck<RegistryDb>("registry", tags: ["ready"]);
        return builder;
    }

    /// <summary>Maps <c>/health/live</c> (the process answers) and <c>/health/ready</c> (what it depends on answers).</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new() { Predicate = check => check.Tags.Contains("ready") }).AllowAnonymous();
    }

    /// <summary>Brings the registry up to date. Call it before the application runs.</summary>
    /// <exception cref="RegistryUnusableException">The database cannot be used; the message says what to do.</exception>
    /// <exception cref="StartRefusedException">The keys in it cannot be read.</exception>
    public static Task MigrateRegistryAsync(this WebApplication app) =>
        app.Services.GetRequiredService<RegistryMigrator>().MigrateAsync(() => Keys.Settle(app.Services), app.Lifetime.ApplicationStopping);
}
