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
