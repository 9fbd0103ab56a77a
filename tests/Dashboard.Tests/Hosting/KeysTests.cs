using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Hosting;
using Ops.Data;
using Ops.Data.Startup;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Hosting;

/// <summary>Keys of several dashboards over one registry, on both databases.</summary>
public abstract class KeysTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("ops-keys-").FullName;
    private readonly List<ServiceProvider> started = [];

    /// <inheritdoc/>
    public abstract ValueTask InitializeAsync();

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        foreach (var one in started)
        {
            await one.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Protect_ByOneDashboard_IsReadByAnotherWithTheSameCertificate()
    {
        var certificate = Certificate("a");
        var first = await StartAsync(certificate);
        var second = await StartAsync(certificate);

        Assert.Equal("secret", Read(second, Write(first, "secret")));
        Assert.Equal("secret", Read(first, Write(second, "secret")));

        await using var db = first.GetRequiredService<RegistryDb>();
        var key = Assert.Single(await db.DataProtectionKeys.ToListAsync(TestContext.Current.CancellationToken));
        Assert.Contains("encryptedSecret", key.Xml, StringComparison.Ordinal);
        Assert.DoesNotContain("<masterKey", key.Xml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settle_OfManyFirstStartsAtOnce_MakesOneKey()
    {
        var certificate = Certificate("a");
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => StartAsync(certificate))));
        await using var db = all[0].GetRequiredService<RegistryDb>();
        Assert.Equal(1, await db.DataProtectionKeys.CountAsync(TestContext.Current.CancellationToken));
        var text = Write(all[0], "x");
        Assert.All(all, one => Assert.Equal("x", Read(one, text)));
    }

    [Fact]
    public async Task Settle_WithAnotherCertificate_RefusesToStartAndMakesNoKey()
    {
        var first = await StartAsync(Certificate("a"));
        var text = Write(first, "kept");

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(Certificate("b")));
        Assert.Contains("Ops:OldKeysCertificates", refused.Message, StringComparison.Ordinal);
        await using var db = first.GetRequiredService<RegistryDb>();
        Assert.Equal(1, await db.DataProtectionKeys.CountAsync(TestContext.Current.CancellationToken));
        Assert.Equal("kept", Read(await StartAsync(Certificate("a")), text));
    }

    [Fact]
    public async Task Settle_AfterTheCertificateWasReplaced_ReadsWhatTheOldOneCould()
    {
        var text = Write(await StartAsync(Certificate("a")), "kept");
        Assert.Equal("kept", Read(await StartAsync(Certificate("b"), Certificate("a")), text));
    }

    [Fact]
    public async Task AddKeys_AFileThatIsNoCertificate_RefusesToStartAndNamesTheSetting()
    {
        var nothing = Path.Combine(folder, "not-there.pem");
        var text = Path.Combine(folder, "text.pem");
        await File.WriteAllTextAsync(text, "no certificate", TestContext.Current.CancellationToken);
        foreach (var file in new[] { nothing, text, EllipticCertificate() })
        {
            var refused = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(file));
            Assert.StartsWith($"Ops:KeysCertificate names {file}", refused.Message, StringComparison.Ordinal);
            var old = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(Certificate("a"), file));
            Assert.StartsWith($"Ops:OldKeysCertificates:0 names {file}", old.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Validate_OldCertificatesWithoutANewOne_SaysWhatIsMissing()
    {
        var result = new ValidateOpsOptions().Validate(null, new OpsOptions { OldKeysCertificates = ["a.pem"] });
        Assert.Equal(["Ops:OldKeysCertificates needs Ops:KeysCertificate, the certificate that replaced them."], result.Failures);
    }

    /// <summary>Adds the registry.</summary>
    protected abstract void AddRegistry(IServiceCollection services);

    private static string Write(ServiceProvider dashboard, string text) => dashboard.GetRequiredService<IDataProtectionProvider>().CreateProtector("test").Protect(text);

    private static string Read(ServiceProvider dashboard, string text) => dashboard.GetRequiredService<IDataProtectionProvider>().CreateProtector("test").Unprotect(text);

    private async Task<ServiceProvider> StartAsync(string certificate, params string[] old)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        AddRegistry(services);
        services.AddKeys(new OpsOptions { KeysCertificate = certificate, OldKeysCertificates = old }, new DataFolder(Path.Combine(folder, "data")));
        var provider = services.BuildServiceProvider();
        lock (started)
        {
            started.Add(provider);
        }

        await provider.GetRequiredService<RegistryMigrator>().MigrateAsync(() => Keys.Settle(provider), TestContext.Current.CancellationToken);
        return provider;
    }

    private string Certificate(string name)
    {
        var file = Path.Combine(folder, name + ".pem");
        if (!File.Exists(file))
        {
            using var key = RSA.Create(2048);
            Save(file, new CertificateRequest("CN=ops-keys", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), key.ExportPkcs8PrivateKeyPem());
        }

        return file;
    }

    private string EllipticCertificate()
    {
        var file = Path.Combine(folder, "elliptic.pem");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Save(file, new CertificateRequest("CN=ops-keys", key, HashAlgorithmName.SHA256), key.ExportPkcs8PrivateKeyPem());
        return file;
    }

    private static void Save(string file, CertificateRequest request, string key)
    {
        // Long over: a certificate is only a place for a key here, and none of its dates may keep a dashboard from starting.
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
        File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + key + "\n");
    }
}

public sealed class SqliteKeysTests : KeysTests
{
    private readonly string file = Path.Combine(Directory.CreateTempSubdirectory("ops-keys-db-").FullName, "ops.db");

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    protected override void AddRegistry(IServiceCollection services) => services.AddSqliteRegistry(file);
}

public sealed class PostgresKeysTests : KeysTests
{
    private string connectionString = "";

    public override async ValueTask InitializeAsync() => connectionString = await PostgresServer.CreateDatabaseAsync();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await PostgresServer.DropDatabaseAsync(connectionString);
    }

    protected override void AddRegistry(IServiceCollection services) => services.AddPostgresRegistry(connectionString);
}
