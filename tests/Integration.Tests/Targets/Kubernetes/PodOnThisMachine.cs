using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>
/// Does to the template of a pod what a kubelet does, as far as that goes without containers: volumes become folders, and what the template says of a
/// container becomes a process of the runtime. Paths of the container are followed through its mounts; one that is in none of them is an error.
/// </summary>
internal sealed class PodOnThisMachine : IDisposable
{
    private const string PodName = "digits-0a1b2c3d-x7k2p";

    // What docker/runtime.Dockerfile sets: what a container sets must go before it.
    private static readonly Dictionary<string, string> ImageEnvironment = new(StringComparer.Ordinal)
    {
        ["Ops__Runtime__Urls"] = "http://127.0.0.1:1",
        ["Ops__Runtime__CacheFolder"] = "/cache",
    };

    private readonly string root = Directory.CreateTempSubdirectory("ops-pod-").FullName;
    private readonly V1PodSpec pod;
    private readonly V1ConfigMap configuration;
    private readonly V1Secret secret;

    public PodOnThisMachine(V1PodTemplateSpec template, V1ConfigMap configuration, V1Secret secret)
    {
        (pod, this.configuration, this.secret) = (template.Spec, configuration, secret);
        Url = new($"http://127.0.0.1:{FreePort()}");
        WriteVolumes();
    }

    /// <summary>Where its port is reached.</summary>
    public Uri Url { get; }

    /// <summary>Writes the files of volumes that hold some, as a kubelet does before each start of a container.</summary>
    public void WriteVolumes()
    {
        foreach (var volume in pod.Volumes)
        {
            var folder = Directory.CreateDirectory(FolderOf(volume.Name)).FullName;
            foreach (var (name, bytes) in volume switch
            {
                { EmptyDir: not null } or { PersistentVolumeClaim: not null } => [],
                { ConfigMap: { } map } when map.Name == configuration.Metadata.Name => map.Items.Select(i => (i.Path, System.Text.Encoding.UTF8.GetBytes(Here(configuration.Data[i.Key])))),
                { Projected.Sources: [{ Secret: { } wanted }] } when wanted.Name == secret.Metadata.Name => wanted.Items.Select(i => (i.Path, secret.Data[i.Key])),
                _ => throw new InvalidOperationException($"Nothing is known of what volume {volume.Name} holds."),
            })
            {
                File.WriteAllBytes(Path.Combine(folder, name), bytes);
            }
        }
    }

    /// <summary>Starts a container; the caller ends it.</summary>
    public Process Start(V1Container container)
    {
        Assert.Null(container.Command);
        var start = new ProcessStartInfo(
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet")),
            [Path.Combine(AppContext.BaseDirectory, "runtime", "Ops.Runtime.dll"), .. container.Args.Select(a => Here(container, a))])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = root,
        };
        start.Environment.Clear();
        foreach (var (name, value) in ImageEnvironment.Append(new("TMPDIR", "/tmp")).Concat((container.Env ?? []).Select(v => KeyValuePair.Create(v.Name, ValueOf(v)))))
        {
            start.Environment[name] = Here(container, value);
        }

        return Process.Start(start)!;
    }

    /// <summary>Asks a probe of a container.</summary>
    public async Task<HttpStatusCode?> ProbeAsync(V1Container container, V1Probe probe)
    {
        Assert.Contains(container.Ports, p => p.Name == probe.HttpGet.Port.Value);
        using var http = new HttpClient { BaseAddress = Url };
        try
        {
            using var answer = await http.GetAsync(probe.HttpGet.Path);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private string FolderOf(string volume) => Path.Combine(root, volume);

    // Of a file only what names a volume can be turned into its folder.
    private string Here(string text) => pod.Volumes.FirstOrDefault(v => v.PersistentVolumeClaim is not null) is { } claim
        ? text.Replace($"file://{RevisionFiles.CacheFolder}/", $"file://{FolderOf(claim.Name)}/", StringComparison.Ordinal)
        : text;

    private static string ValueOf(V1EnvVar variable) => variable.ValueFrom is null
        ? variable.Value
        : variable.ValueFrom.FieldRef.FieldPath == "metadata.name" ? PodName : throw new InvalidOperationException($"{variable.Name} comes from what no pod here has.");

    private string Here(V1Container container, string value)
    {
        // Two pods of one machine cannot have the same port, and nothing here listens to the outside.
        foreach (var port in container.Ports ?? [])
        {
            value = value.Replace($"0.0.0.0:{port.ContainerPort}", Url.Authority, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("0.0.0.0", value, StringComparison.Ordinal);
        if (!value.StartsWith('/'))
        {
            return value;
        }

        if (value == ImageEnvironment["Ops__Runtime__CacheFolder"])
        {
            return FolderOf("image");
        }

        var mount = container.VolumeMounts.FirstOrDefault(m => value == m.MountPath || value.StartsWith(m.MountPath + "/", StringComparison.Ordinal));
        Assert.True(mount is not null, $"{container.Name} is told of {value}, and nothing is mounted there.");
        return FolderOf(mount.Name) + value[mount.MountPath.Length..];
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
