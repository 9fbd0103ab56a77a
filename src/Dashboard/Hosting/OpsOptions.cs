using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Hosting;

/// <summary>Where this installation keeps its things. Section <c>Ops</c>.</summary>
internal sealed class OpsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops";

    /// <summary>The one data folder; relative paths are below the content root. Made on first start.</summary>
    public string DataPath { get; set; } = "data";

    /// <summary><c>sqlite</c> (a file in the data folder) or <c>postgres</c>.</summary>
    public string Database { get; set; } = "sqlite";

    /// <summary>The Npgsql connection string when <see cref="Database"/> is <c>postgres</c>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// A PEM file with a certificate and its RSA key. With it, the keys that cookies and secrets are encrypted with are in the registry, encrypted to
    /// this certificate, so that several dashboards share them; without it they are in the data folder.
    /// </summary>
    public string? KeysCertificate { get; set; }

    /// <summary>PEM files of certificates that <see cref="KeysCertificate"/> replaced: keys that were encrypted to them can still be read.</summary>
    public IReadOnlyList<string> OldKeysCertificates { get; set; } = [];
}

/// <summary>Reports every mistake in <see cref="OpsOptions"/> at once, each with its key.</summary>
internal sealed class ValidateOpsOptions : IValidateOptions<OpsOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, OpsOptions options)
    {
        List<string> failures = [];
        if (string.IsNullOrWhiteSpace(options.DataPath))
        {
            failures.Add("Ops:DataPath must name a folder.");
        }

        if (options.Database is not ("sqlite" or "postgres"))
        {
            failures.Add("Ops:Database must be 'sqlite' or 'postgres'.");
        }

        if (options.Database == "postgres" && string.IsNullOrWhiteSpace(options.ConnectionString))
        {
            failures.Add("Ops:ConnectionString must be set when Ops:Database is 'postgres'.");
        }

        if (options.OldKeysCertificates.Count > 0 && string.IsNullOrWhiteSpace(options.KeysCertificate))
        {
            failures.Add("Ops:OldKeysCertificates needs Ops:KeysCertificate, the certificate that replaced them.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
