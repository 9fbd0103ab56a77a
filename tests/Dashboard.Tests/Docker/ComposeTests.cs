using System.Globalization;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Hosting;
using Ops.Testing;
using YamlDotNet.RepresentationModel;

namespace Ops.Dashboard.Tests.Docker;

/// <summary>docker/compose.yaml: what one service names is there.</summary>
public sealed class ComposeTests
{
    private readonly YamlMappingNode root = Read();

    private IEnumerable<(string Name, YamlMappingNode Service)> Services => Of(root, "services").Children.Select(pair => (Text(pair.Key), (YamlMappingNode)pair.Value));

    [Fact]
    public void Dashboard_IsBuiltFromAFileThatIsThere_AndGivenSettingsThatItKnows()
    {
        var dashboard = Of(Of(root, "services"), "dashboard");
        Assert.True(File.Exists(Path.Combine(Repository.Root, Text(Of(dashboard, "build").Children["dockerfile"]))));
        Assert.All(Of(dashboard, "environment").Children.Keys, key => Assert.True(DockerFolder.IsDocumented(Text(key)), Text(key)));
        Assert.All(Of(dashboard, "environment").Children.Keys, key => Assert.NotNull(typeof(OpsOptions).GetProperty(Text(key)["Ops__".Length..])));
    }

    [Fact]
    public void Services_WaitForOthersThatSayWhenTheyAreReady()
    {
        var names = Services.ToDictionary(s => s.Name, s => s.Service);
        Assert.Equal(["bucket", "dashboard", "minio", "postgresql"], names.Keys.Order());
        foreach (var (name, service) in Services.Where(s => s.Service.Children.ContainsKey("depends_on")))
        {
            foreach (var (on, how) in Of(service, "depends_on").Children)
            {
                var condition = Text(((YamlMappingNode)how).Children["condition"]);
                Assert.True(condition == "service_completed_successfully" || names[Text(on)].Children.ContainsKey("healthcheck"), $"{name} waits for {on}, which does not say when it is ready.");
            }
        }
    }

    [Fact]
    public void Volumes_AreDeclared_AndPortsAreOpenToThisMachineOnly()
    {
        var declared = Of(root, "volumes").Children.Keys.Select(Text).ToHashSet();
        Assert.All(Lists("volumes"), volume => Assert.Contains(volume.Split(':')[0], declared));
        Assert.All(Lists("ports"), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
    }

    [Fact]
    public void HealthChecks_OfEachService_AskWhatItsProgramAnswers()
    {
        Assert.Contains("GET /health/ready ", Test("dashboard"), StringComparison.Ordinal);
        Assert.Contains("/dev/tcp/127.0.0.1/8080", Test("dashboard"), StringComparison.Ordinal);
        Assert.Contains("ASPNETCORE_URLS=http://+:8080 Ops__DataPath=/data", File.ReadAllText(DockerFolder.Path("dashboard.Dockerfile")), StringComparison.Ordinal);

        // Its socket is there before the server that others reach.
        Assert.Contains("pg_isready --host=127.0.0.1", Test("postgresql"), StringComparison.Ordinal);
        Assert.Contains("mc ready local", Test("minio"), StringComparison.Ordinal);
    }

    [Fact]
    public void Bucket_OfTheServer_IsMadeByItsUserUnderTheNameOfTheGuide()
    {
        var (minio, bucket) = (Of(Of(root, "services"), "minio"), Of(Of(root, "services"), "bucket"));
        var environment = Of(minio, "environment").Children;
        var guide = File.ReadAllText(Path.Combine(Repository.Root, "docs", "install.md"));

        // The client finds a server's address and key in the variable MC_HOST_ and the name that its commands use.
        var made = Words(bucket, "entrypoint").Split(' ')[^1].Split('/');
        Assert.Equal($"http://{Text(environment["MINIO_ROOT_USER"])}:{Text(environment["MINIO_ROOT_PASSWORD"])}@minio:9000", Text(Of(bucket, "environment").Children["MC_HOST_" + made[0]]));
        Assert.Contains($"| Bucket | `{made[1]}` |", guide, StringComparison.Ordinal);
        Assert.Contains($"| Access key, secret key | `{Text(environment["MINIO_ROOT_USER"])}` and", guide, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromHours(int.Parse(Text(environment["MINIO_API_STALE_UPLOADS_EXPIRY"]).TrimEnd('h'), CultureInfo.InvariantCulture)), new ModelStoreOptions().Lifetime);
    }

    [Fact]
    public void Database_OfTheDashboard_IsTheOneThatPostgresMakes()
    {
        var services = Of(root, "services");
        var connection = new Npgsql.NpgsqlConnectionStringBuilder(Text(Of(Of(services, "dashboard"), "environment").Children["Ops__ConnectionString"]));
        var environment = Of(Of(services, "postgresql"), "environment").Children;

        Assert.Equal(("postgresql", Text(environment["POSTGRES_DB"]), Text(environment["POSTGRES_USER"]), Text(environment["POSTGRES_PASSWORD"])), (connection.Host, connection.Database, connection.Username, connection.Password));
    }

    private string Test(string service) => Words(Of(Of(Of(root, "services"), service), "healthcheck"), "test");

    private static string Words(YamlMappingNode node, string name) => string.Join(' ', ((YamlSequenceNode)node.Children[name]).Select(Text));

    private IEnumerable<string> Lists(string name) =>
        Services.Where(s => s.Service.Children.ContainsKey(name)).SelectMany(s => (YamlSequenceNode)s.Service.Children[name]).Select(Text);

    private static YamlMappingNode Of(YamlMappingNode node, string name) => (YamlMappingNode)node.Children[name];

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static YamlMappingNode Read()
    {
        using var reader = new StreamReader(DockerFolder.Path("compose.yaml"));
        var yaml = new YamlStream();
        yaml.Load(reader);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }
}
