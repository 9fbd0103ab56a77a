using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>Makes stores in S3-compatible servers: MinIO, AWS S3, Ceph, Swift, OSS.</summary>
internal sealed class S3StoreKind(PartBuffers buffers, TimeProvider time, AddressRules? addresses = null) : IModelStoreKind
{
    /// <summary>The name of the kind.</summary>
    public const string KindName = "s3";

    /// <summary>The secret that is the key's id.</summary>
    public const string AccessKey = "accessKey";

    /// <summary>The secret that is the key's secret.</summary>
    public const string SecretKey = "secretKey";

    /// <summary>The secret that is the password for the proxy. Only with <see cref="S3Settings.ProxyUser"/>.</summary>
    public const string ProxyPassword = "proxyPassword";

    private const int MaxPrefix = 200;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public IReadOnlyList<string> SecretNames { get; } = [AccessKey, SecretKey, ProxyPassword];

    /// <inheritdoc/>
    public Result<IModelStore> Create(string name, string settingsJson, IReadOnlyDictionary<string, string> secrets)
    {
        S3Settings? settings;
        try
        {
            settings = JsonSerializer.Deserialize<S3Settings>(settingsJson, Json);
        }
        catch (JsonException)
        {
            settings = null;
        }

        if (settings is null)
        {
            return Failure.Invalid("The settings are not the JSON of an S3 store.");
        }

        var accessKey = secrets.GetValueOrDefault(AccessKey)?.Trim();
        var secretKey = secrets.GetValueOrDefault(SecretKey)?.Trim();
        if (string.IsNullOrEmpty(accessKey) || string.IsNullOrEmpty(secretKey))
        {
            return Failure.Invalid("Give the access key and its secret.", string.IsNullOrEmpty(accessKey) ? AccessKey : SecretKey);
        }

        var check = Check(settings);
        if (!check.Succeeded)
        {
            return check.Failure;
        }

        var proxyPassword = secrets.GetValueOrDefault(ProxyPassword);
        if (settings.ProxyUser is not null && string.IsNullOrEmpty(proxyPassword))
        {
            return Failure.Invalid("Give the password of the proxy's user.", ProxyPassword);
        }

        var credentials = new S3Credentials(accessKey, secretKey) { ProxyPassword = proxyPassword };
        return Result.Of<IModelStore>(new S3Store(name, settings, new S3Connection(settings, credentials, addresses), buffers, time));
    }

    /// <summary>Whether these settings can be those of a store.</summary>
    public static Result Check(S3Settings settings)
    {
        (bool IsWrong, string Field, string Message)[] rules =
        [
            (!IsServer(settings.Endpoint), "endpoint", "Give the server as http://host:port or https://host, without a path."),
            (!IsServer(settings.PublicEndpoint), "publicEndpoint", "Give the server as http://host:port or https://host, without a path."),
            (!IsServer(settings.Proxy), "proxy", "Give the proxy as http://host:port, without user and password: they have fields of their own."),
            (!IsProxyUser(settings), "proxyUser", "A user is only for a proxy, and has neither colons nor line breaks."),
            (string.IsNullOrWhiteSpace(settings.Region), "region", "Give a region; us-east-1 does for servers that have none."),
            (!IsBucket(settings.Bucket), "bucket", "A bucket has 3 to 63 lower-case letters, digits, dots and hyphens."),
            (!IsPrefix(settings.Prefix), "prefix", "Give a prefix of letters, digits, '.', '_', '-' and '/', such as ops/: what lies below it belongs to this installation alone."),
            (settings.Encryption is not (S3Encryption.None or S3Encryption.Aes256 or S3Encryption.Kms), "encryption", "Encryption is none, AES256 or aws:kms."),
            (settings.KmsKeyId is not null && settings.Encryption != S3Encryption.Kms, "kmsKeyId", "A key is only for aws:kms."),
            (!AreCertificates(settings.CaPem), "caPem", "These are not certificates in PEM."),
        ];
        var wrong = rules.FirstOrDefault(rule => rule.IsWrong);
        return wrong.IsWrong ? Failure.Invalid(wrong.Message, wrong.Field) : Result.Done;
    }

    private static bool IsServer(string? text) => text is null
        || (Uri.TryCreate(text, UriKind.Absolute, out var address)
            && address.Scheme is "http" or "https"
            && address is { PathAndQuery: "/", Fragment: "", UserInfo: "" });

    private static bool IsProxyUser(S3Settings settings) => settings.ProxyUser is null
        || (settings.Proxy is not null && settings.ProxyUser.Length > 0 && !settings.ProxyUser.Any(c => c == ':' || char.IsControl(c)));

    private static bool IsBucket(string? text) => text is { Length: >= 3 and <= 63 } && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-');

    private static bool IsPrefix(string? text) => text?.Trim('/').Length is > 0 and <= MaxPrefix
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/')
        && text.Trim('/').Split('/').All(step => step is not ("" or "." or ".."));

    private static bool AreCertificates(string? pem)
    {
        if (string.IsNullOrWhiteSpace(pem))
        {
            return true;
        }

        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(pem);
            return certificates.Count > 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
