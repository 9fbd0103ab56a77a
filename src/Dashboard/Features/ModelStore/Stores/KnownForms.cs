using Ops.Dashboard.Features.ModelStore.Git;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>The forms of the kinds that this program has.</summary>
internal static class KnownForms
{
    /// <summary>A folder below the roots that the configuration allows.</summary>
    public static StoreForm FileSystem { get; } = new(
        StoreKinds.FileSystem,
        "Folder",
        "A folder of a disk that the dashboard's machine has, such as a mounted network share.",
        [new("folder", "Folder") { Help = "An absolute path. It must exist, and be below one of the roots that Ops:Stores:AllowedRoots names.", MaxLength = 500 }])
    {
        Where = settings => settings.GetValueOrDefault("folder", ""),
    };

    /// <summary>A bucket of any server that speaks S3.</summary>
    public static StoreForm S3 { get; } = new(
        StoreKinds.S3,
        "S3 bucket",
        "MinIO, AWS S3, Alibaba OSS and every other server that speaks S3.",
        [
            new("endpoint", "Endpoint") { Help = "Such as https://minio.example.com:9000. Leave it empty for AWS.", Optional = true },
            new("region", "Region") { Help = "What requests are signed for. us-east-1 does for servers that have none.", MaxLength = 63, Default = "us-east-1" },
            new("bucket", "Bucket") { Help = "It must exist; the dashboard makes none.", MaxLength = 63 },
            new("prefix", "Prefix") { Help = "A folder in the bucket for this installation alone: what is in it and belongs to no version is deleted.", MaxLength = 200, Default = "ops/" },
            new("accessKey", "Access key", StoreFieldType.Secret),
            new("secretKey", "Secret key", StoreFieldType.Secret),
            new("pathStyle", "Bucket in the path", StoreFieldType.Switch) { Help = "https://host/bucket instead of https://bucket.host. Most servers but AWS want it.", Optional = true, Default = "true" },
            new("publicEndpoint", "Endpoint for browsers") { Help = "Where browsers and other machines reach the server, when that is not the endpoint above.", Optional = true, Advanced = true },
            new("directUploads", "Browsers upload straight to the bucket", StoreFieldType.Switch) { Help = "They must reach it, and it must allow the dashboard's origin (CORS). The checks try both.", Optional = true, Advanced = true },
            new("directDownloads", "Browsers download straight from the bucket", StoreFieldType.Switch) { Optional = true, Advanced = true },
            new("encryption", "Encryption at rest", StoreFieldType.Choice)
            {
                Optional = true, Advanced = true, Default = "none", Choices = [("none", "As the bucket says"), ("AES256", "Keys of the server (SSE-S3)"), ("aws:kms", "Keys of a key service (SSE-KMS)")],
            },
            new("kmsKeyId", "Key of the key service") { Optional = true, Advanced = true, MaxLength = 2048, Help = "Only with SSE-KMS; empty means the bucket's own." },
            new("caPem", "Certificate authority", StoreFieldType.LongText) { Optional = true, Advanced = true, MaxLength = 65536, Help = "Certificates (PEM) to trust beside those of the system, such as that of a company's own authority." },
            new("proxy", "Proxy") { Optional = true, Advanced = true, Help = "Such as http://proxy.example.com:3128." },
            new("proxyUser", "Proxy user") { Optional = true, Advanced = true, MaxLength = 200, Help = "Only for a proxy that wants one." },
            new("proxyPassword", "Proxy password", StoreFieldType.Secret) { Optional = true, Advanced = true },
            new("legacySigning", "Legacy signing", StoreFieldType.Switch) { Help = "For servers that do not know the checksums of newer S3.", Optional = true, Advanced = true },
        ])
    {
        Where = settings => $"{settings.GetValueOrDefault("endpoint", "AWS " + settings.GetValueOrDefault("region", ""))} · {settings.GetValueOrDefault("bucket", "")}{(settings.GetValueOrDefault("prefix") is { Length: > 0 } prefix ? "/" + prefix : "")}",
    };

    /// <summary>A git repository: every version is a commit.</summary>
    public static StoreForm Git { get; } = new(
        GitStoreKind.KindName,
        "Git repository",
        "GitHub, GitLab, Gitea and every other server with git over https or ssh. Every version becomes a commit with a tag.",
        [
            new("repository", "Repository") { Help = "Such as https://git.example.com/team/models.git, ssh://git@host/models.git, or a bare repository below a root that Ops:Stores:AllowedRoots names.", MaxLength = 2000 },
            new("userName", "User name") { Help = "What goes with the token over https. Some hosts want oauth2 or x-access-token.", MaxLength = 100, Default = "ops", Optional = true },
            new("token", "Token", StoreFieldType.Secret) { Help = "For https: may read and push, tags too.", Optional = true },
            new("sshKey", "Private key", StoreFieldType.LongSecret) { Help = "For ssh: in OpenSSH's form, without a passphrase.", MaxLength = 16384, Optional = true },
            new("knownHosts", "Host keys", StoreFieldType.LongText) { Help = "For ssh: as ssh-keyscan prints them.", MaxLength = 16384, Optional = true },
            new("lfs", "Large files in LFS", StoreFieldType.Switch) { Help = "The server must have LFS, and this machine the program git-lfs.", Optional = true },
            new("lfsAboveMiB", "LFS from") { Help = "MiB: files of this size or more go to LFS.", MaxLength = 8, Default = "10", Optional = true, Advanced = true },
            new("largestFileMiB", "Largest file") { Help = "MiB of one file in the repository itself. Hosts have limits of their own.", MaxLength = 8, Default = "2048", Optional = true, Advanced = true },
            new("cacheMiB", "Files at hand") { Help = "MiB of the data folder's disk for files that are read often.", MaxLength = 8, Default = "20480", Optional = true, Advanced = true },
            new("timeoutMinutes", "Longest push or fetch") { Help = "Minutes.", MaxLength = 4, Default = "120", Optional = true, Advanced = true },
            new("caPem", "Certificate authority", StoreFieldType.LongText) { Help = "For https: certificates (PEM) to trust instead of those of the system.", MaxLength = 65536, Optional = true, Advanced = true },
            new("allowPlainHttp", "Allow http without encryption", StoreFieldType.Switch) { Help = "Whoever listens on the way can read the token.", Optional = true, Advanced = true },
        ])
    {
        Where = settings => settings.GetValueOrDefault("repository", ""),
    };
}
