using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Ops.Testing.Kubernetes;

/// <summary>How a double starts.</summary>
internal sealed record KubernetesDoubleOptions
{
    /// <summary>Serves HTTPS with a certificate of its own authority and takes client certificates.</summary>
    public bool Tls { get; init; }

    /// <summary>Whether the cluster has the Gateway API.</summary>
    public bool GatewayApi { get; init; } = true;

    /// <summary>The version it says it is.</summary>
    public string GitVersion { get; init; } = "v1.36.2";

    /// <summary>Its clock: moments written into objects, grace, deadlines and bookmarks go by it.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether controllers, a scheduler and kubelets work behind the API.</summary>
    public bool Cluster { get; init; } = true;

    /// <summary>The port; 0 for a free one.</summary>
    public int Port { get; init; }
}

/// <summary>A Kubernetes API in this process, on loopback: the real API's behaviour on objects kept in memory, with a small cluster behind it.</summary>
internal sealed class KubernetesDouble : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly KubernetesDoubleOptions options;

    private KubernetesDouble(KubernetesDoubleOptions options)
    {
        this.options = options;
        HasGatewayApi = options.GatewayApi;
        Writer = new ObjectWriter(Store, Time);
        Watches = new WatchStream(Store, Time);
        Pods = new PodAccess(Store);
        Api = new ApiServer(this, options.GitVersion);
        Tokens[Token] = "system:serviceaccount:ops:ops-dashboard";
        foreach (var space in (string[])["default", "kube-system", "ops"])
        {
            AddNamespace(space);
        }

        Cluster = options.Cluster ? new SimulatedCluster(this) : null;
        app = Build();
    }

    /// <summary>The objects.</summary>
    public ObjectStore Store { get; } = new();

    /// <summary>Who may do what.</summary>
    public Access Access { get; } = new();

    /// <summary>Logs and servers of pods.</summary>
    public PodAccess Pods { get; }

    /// <summary>The open watches.</summary>
    public WatchStream Watches { get; }

    /// <summary>The controllers, scheduler and kubelets; null when the options wanted none.</summary>
    public SimulatedCluster? Cluster { get; }

    /// <summary>The verbs, and every request so far.</summary>
    public ApiServer Api { get; }

    /// <summary>Writes of objects.</summary>
    public ObjectWriter Writer { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time => options.Time;

    /// <summary>Whether the Gateway API is installed; may change while the server runs.</summary>
    public bool HasGatewayApi { get; set; }

    /// <summary>Bearer tokens and whose they are; may change while the server runs.</summary>
    public ConcurrentDictionary<string, string> Tokens { get; } = new(StringComparer.Ordinal);

    /// <summary>The token of <c>system:serviceaccount:ops:ops-dashboard</c>.</summary>
    public string Token { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The authority of its certificates.</summary>
    public TestCertificates Certificates { get; } = new();

    /// <summary>Starts a double.</summary>
    public static async Task<KubernetesDouble> StartAsync(KubernetesDoubleOptions? options = null)
    {
        var made = new KubernetesDouble(options ?? new KubernetesDoubleOptions());
        await made.app.StartAsync();
        made.Address = new Uri(made.app.Urls.First().Replace("[::]", "127.0.0.1", StringComparison.Ordinal));
        return made;
    }

    /// <summary>A kubeconfig for it.</summary>
    /// <param name="user">Signs in by a client certificate of this name instead of the token; needs <see cref="KubernetesDoubleOptions.Tls"/>.</param>
    /// <param name="namespace">The namespace of the context.</param>
    public string KubeConfig(string? user = null, string @namespace = "ops")
    {
        static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        var authority = options.Tls ? $"\n    certificate-authority-data: {Base64(Certificates.AuthorityPem)}" : "";
        string credential;
        if (user is null)
        {
            credential = $"token: {Token}";
        }
        else
        {
            var (certificate, key) = Certificates.Issue($"CN={user}");
            credential = $"client-certificate-data: {Base64(certificate)}\n    client-key-data: {Base64(key)}";
        }

        return $"""
            apiVersion: v1
            kind: Config
            current-context: double
            clusters:
            - name: double
              cluster:
                server: {Address.ToString().TrimEnd('/')}{authority}
            users:
            - name: user
              user:
                {credential}
            contexts:
            - name: double
              context:
                cluster: double
                user: user
                namespace: {@namespace}

            """;
    }

    /// <summary>A client with the token.</summary>
    public HttpClient CreateClient()
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && certificate.Issuer == Certificates.Authority.Subject;
        var client = new HttpClient(handler) { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        client.DefaultRequestHeaders.UserAgent.ParseAdd("test/1.0");
        return client;
    }

    /// <summary>Adds a namespace.</summary>
    public void AddNamespace(string name) => Create(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name } });

    /// <summary>Creates an object as another field manager; throws when the API refuses it.</summary>
    public JsonObject Create(JsonObject item, string manager = "kubectl-create")
    {
        var kind = ResourceKind.OfObject(item.Text("apiVersion"), item.Text("kind")) ?? throw new ArgumentException("Not a kind the double serves.");
        return Require(Api.Run(Request("POST", kind, item.Text("metadata", "namespace") ?? "", "", manager) with { Body = Encoding.UTF8.GetBytes(item.ToJsonString()) }));
    }

    /// <summary>A copy of an object, or null.</summary>
    public JsonObject? Get(ResourceKind kind, string @namespace, string name)
    {
        lock (Store.Gate)
        {
            return Store.Get(kind, @namespace, name)?.Copy();
        }
    }

    /// <summary>Copies of the objects of a kind.</summary>
    public IReadOnlyList<JsonObject> List(ResourceKind kind, string @namespace = "")
    {
        lock (Store.Gate)
        {
            return [.. Store.List(kind, @namespace).Select(i => i.Copy())];
        }
    }

    /// <summary>Changes an object as somebody else would, such as a person with <c>kubectl edit</c>; throws when the API refuses it.</summary>
    public JsonObject Edit(ResourceKind kind, string @namespace, string name, Action<JsonObject> change, string manager = "kubectl-edit", string subresource = "")
    {
        var item = Get(kind, @namespace, name) ?? throw new ArgumentException($"There is no {kind.Kind} {name}.");
        change(item);
        return Require(Api.Run(Request("PUT", kind, @namespace, name, manager) with { Subresource = subresource, Body = Encoding.UTF8.GetBytes(item.ToJsonString()) }));
    }

    /// <summary>Deletes an object as somebody else would.</summary>
    public void Delete(ResourceKind kind, string @namespace, string name) => Require(Api.Run(Request("DELETE", kind, @namespace, name, "kubectl")));

    /// <summary>Forgets the history: the next watch from an earlier version is told that it expired.</summary>
    public void Compact()
    {
        lock (Store.Gate)
        {
            Store.Compact();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Cluster?.Dispose();
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(atOnce.Token);
        await app.DisposeAsync();
        Certificates.Dispose();
    }

    private static ApiRequest Request(string method, ResourceKind kind, string @namespace, string name, string manager) =>
        new(method, "", new QueryCollection(new Dictionary<string, StringValues> { ["fieldManager"] = manager, ["fieldValidation"] = "Strict" }), "test") { Kind = kind, Namespace = @namespace, Name = name };

    private static JsonObject Require(ApiReply reply) => reply.Code < 300 ? reply.Body : throw new InvalidOperationException(reply.Body.Text("message"));

    private WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = 3 * 1024 * 1024;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
            {
                if (options.Tls)
                {
                    var (certificate, key) = Certificates.Issue("CN=kube-apiserver", server: true);
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = X509CertificateLoader.LoadPkcs12(X509Certificate2.CreateFromPem(certificate, key).Export(X509ContentType.Pkcs12), null);
                        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                        https.ClientCertificateValidation = (given, chain, _) => Certificates.Trusts(given, chain);
                    });
                }
            });
        });
        var built = builder.Build();
        built.Run(Api.HandleAsync);
        return built;
    }
}
