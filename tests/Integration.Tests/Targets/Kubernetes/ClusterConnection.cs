using System.Security.Cryptography.X509Certificates;
using System.Text;
using YamlDotNet.Serialization;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>A plain HTTP client from a kubeconfig, for tests that speak to the API without the product's own client.</summary>
internal static class ClusterConnection
{
    /// <summary>Connects by the current context: a client certificate or a token, a server's own authority.</summary>
    public static HttpClient Client(string kubeConfig)
    {
        var config = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(kubeConfig);
        var context = Named(config, "contexts", (string)config["current-context"], "context");
        var cluster = Named(config, "clusters", (string)context["cluster"], "cluster");
        var user = Named(config, "users", (string)context["user"], "user");
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (cluster.TryGetValue("certificate-authority-data", out var authority))
        {
            var trusted = X509Certificate2.CreateFromPem(Text(authority));
            handler.SslOptions.RemoteCertificateValidationCallback = (_, given, _, _) =>
            {
                using var chain = new X509Chain();
                chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                chain.ChainPolicy.CustomTrustStore.Add(trusted);
                chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                return given is not null && chain.Build(new X509Certificate2(given));
            };
        }

        if (user.TryGetValue("client-certificate-data", out var certificate))
        {
            using var pem = X509Certificate2.CreateFromPem(Text(certificate), Text(user["client-key-data"]));
            handler.SslOptions.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
        }

        var client = new HttpClient(handler) { BaseAddress = new Uri((string)cluster["server"]), Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("ops-tests/1.0");
        if (user.TryGetValue("token", out var token))
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", (string)token);
        }

        return client;
    }

    private static Dictionary<object, object> Named(Dictionary<string, object> config, string list, string name, string part) =>
        (Dictionary<object, object>)((List<object>)config[list]).Cast<Dictionary<object, object>>().First(e => (string)e["name"] == name)[part];

    private static string Text(object base64) => Encoding.UTF8.GetString(Convert.FromBase64String((string)base64));
}
