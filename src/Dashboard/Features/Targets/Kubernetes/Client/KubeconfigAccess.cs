using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>
/// Makes an access of a kubeconfig. What a browser uploads must carry everything in itself: a path in it would read the dashboard's own files,
/// and a program in it would run as the dashboard.
/// </summary>
internal static class KubeconfigAccess
{
    private const string Field = "kubeconfig";

    /// <summary>Checks a choice and reads what it needs.</summary>
    /// <param name="choice">Cluster and user.</param>
    /// <param name="options">What the configuration allows.</param>
    /// <param name="time">The clock of tokens.</param>
    public static Result<ClusterAccess> Make(KubeconfigChoice choice, KubernetesOptions options, TimeProvider time)
    {
        if (Refusal(choice, options) is { } refusal)
        {
            return Failure.Invalid(refusal, Field);
        }

        if (!Uri.TryCreate(choice.Cluster.Server, UriKind.Absolute, out var server) || server.Scheme is not ("https" or "http") || server.UserInfo.Length > 0 || server.Query.Length > 0 || server.Fragment.Length > 0)
        {
            return Failure.Invalid("The cluster's server must be an address that begins with https:// or http://, without user or query.", Field);
        }

        if (server.Scheme == "http" && !options.AllowInsecure)
        {
            return Failure.Invalid($"The cluster's server begins with http://, so whoever is on the way reads what it signs in with. Use https://, or set {KubernetesOptions.Section}:{nameof(KubernetesOptions.AllowInsecure)} if that is what you want.", Field);
        }

        Uri? proxy = null;
        if (!string.IsNullOrEmpty(choice.Cluster.Proxy) && (!Uri.TryCreate(choice.Cluster.Proxy, UriKind.Absolute, out proxy) || proxy.Scheme is not ("http" or "https" or "socks5")))
        {
            return Failure.Invalid("The proxy-url must begin with http://, https:// or socks5://.", Field);
        }

        try
        {
            var authorities = Pem(choice.Cluster.CertificateAuthorityData, choice.Cluster.CertificateAuthority, choice.Folder);
            var certificate = Pem(choice.User.ClientCertificateData, choice.User.ClientCertificate, choice.Folder);
            var key = Pem(choice.User.ClientKeyData, choice.User.ClientKey, choice.Folder);
            return new ClusterAccess
            {
                Mark = ClusterAccess.MarkOf(JsonSerializer.Serialize(choice), authorities, certificate, key),
                Server = server,
                Proxy = proxy,
                ServerName = string.IsNullOrEmpty(choice.Cluster.ServerName) ? null : choice.Cluster.ServerName,
                IsInsecure = choice.Cluster.Insecure,
                Authorities = Authorities(authorities),
                ClientCertificate = certificate is null ? null : ClientCertificate.Read(certificate, key ?? throw new FormatException("The key is missing.")),
                Token = Token(choice, authorities, time),
            };
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException or ArgumentException)
        {
            return Failure.Invalid("A certificate or key in the kubeconfig cannot be read: it must be PEM, in base64 where the field ends in -data, and the key must be the certificate's.", Field);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Failure.Invalid("A file that the kubeconfig names cannot be read.", Field);
        }
    }

    /// <summary>Why it may not be used, or null.</summary>
    private static string? Refusal(KubeconfigChoice choice, KubernetesOptions options)
    {
        var (cluster, user) = (choice.Cluster, choice.User);
        var isOfMachine = choice.Folder is not null;
        if (!isOfMachine)
        {
            var paths = new[]
            {
                ("certificate-authority", cluster.CertificateAuthority), ("client-certificate", user.ClientCertificate), ("client-key", user.ClientKey), ("tokenFile", user.TokenFile),
            }.Where(p => !string.IsNullOrEmpty(p.Item2)).Select(p => p.Item1).ToList();
            if (paths.Count > 0)
            {
                return $"The kubeconfig names files ({string.Join(", ", paths)}), which this dashboard does not have. Put their contents in, as `kubectl config view --flatten --minify --raw` does.";
            }
        }

        return user.Exec is not null && !options.AllowExecPlugins ? $"The kubeconfig has the dashboard start a program to sign in (exec). Use the token of a service account, or set {KubernetesOptions.Section}:{nameof(KubernetesOptions.AllowExecPlugins)} if that program may run as the dashboard."
            : user.Exec is { } exec && KubeconfigProgram.Refusal(exec, isOfMachine) is { } refused ? refused
            : user.AuthProvider is not null ? "The kubeconfig signs in by auth-provider, which Kubernetes has given up. Use the token of a service account."
            : !string.IsNullOrEmpty(user.UserName) ? "The kubeconfig has a user name and password, which Kubernetes does not take any more. Use the token of a service account."
            : !string.IsNullOrEmpty(user.Impersonate) ? "The kubeconfig acts as somebody else (as). Use the token of an account that has the rights itself."
            : cluster.Insecure && !options.AllowInsecure ? $"The kubeconfig says not to check the cluster's certificate. Give it certificate-authority-data, or set {KubernetesOptions.Section}:{nameof(KubernetesOptions.AllowInsecure)} if that is what you want."
            : null;
    }

    private static IClusterToken? Token(KubeconfigChoice choice, string? authorities, TimeProvider time) => choice.User switch
    {
        { TokenFile: { Length: > 0 } file } => new FileToken(Kubeconfig.Full(file, choice.Folder)!, time),
        { Token: { Length: > 0 } token } => new FixedToken(token.Trim()),
        { Exec: not null } => new ProgramToken(KubeconfigProgram.Of(choice, authorities), time),
        _ => null,
    };

    private static X509Certificate2Collection Authorities(string? pem)
    {
        X509Certificate2Collection all = [];
        if (pem is not null)
        {
            all.ImportFromPem(pem);

            // Without one the system's authorities would be trusted instead, which is not what the kubeconfig says.
            if (all.Count == 0)
            {
                throw new FormatException("There is no certificate in it.");
            }
        }

        return all;
    }

    private static string? Pem(string? data, string? path, string? folder) =>
        !string.IsNullOrEmpty(data) ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
        : !string.IsNullOrEmpty(path) && folder is not null ? File.ReadAllText(Kubeconfig.Full(path, folder)!)
        : null;
}
