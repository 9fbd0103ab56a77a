using System.Text;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

public sealed class PullSecretTests
{
    private const string Type = "kubernetes.io/dockerconfigjson";

    [Theory]
    [InlineData(null, "", false, "There is no secret login in ops")]
    [InlineData("Opaque", "{}", false, "login is of the type Opaque")]
    [InlineData(Type, """{"auths":{}}""", false, "login names no registry")]
    [InlineData(Type, """{"auths":{"registry.example":{"auth":"b2xnYTpzZWNyZXQ="},"other.example:5000":{}}}""", true, "It is there, for registry.example, other.example:5000.")]
    public async Task Check_SaysWhetherNodesCanSignInWithIt(string? type, string content, bool passed, string says)
    {
        await using var driven = await DrivenDouble.StartAsync();
        if (type is not null)
        {
            await driven.Connection.Api.ApplyAsync(
                new V1Secret { ApiVersion = "v1", Kind = "Secret", Metadata = new() { Name = "login", NamespaceProperty = "ops" }, Type = type, Data = new Dictionary<string, byte[]> { [".dockerconfigjson"] = Encoding.UTF8.GetBytes(content) } },
                new(),
                default);
        }

        var check = await PullSecret.CheckAsync(driven.Connection.Api, "ops", "login", default);

        Assert.Equal(passed, check.Passed);
        Assert.StartsWith(says, check.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("b2xnYTpzZWNyZXQ=", check.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" model-cache ", null)]
    [InlineData("Cache", "cacheClaim")]
    [InlineData("", null)]
    public void Settings_CacheClaim_IsTheNameOfOne(string claim, string? field) =>
        Assert.Equal(field, new KubernetesTargetSettings { Namespace = "models", Registries = ["registry.example"], CacheClaim = claim }.Clean().Check().Failure?.Field);

    [Theory]
    [InlineData("registry-login", true)]
    [InlineData("quay.io-login", true)]
    [InlineData("Registry", false)]
    [InlineData("a/b", false)]
    [InlineData("a..b", false)]
    [InlineData("a\nb", false)]
    public void Settings_PullSecrets_AreNamesOfSecrets(string name, bool isOne)
    {
        KubernetesTargetSettings settings = new() { Namespace = "models", Registries = ["registry.example"], PullSecrets = [" ", name, name] };

        var clean = settings.Clean();
        Assert.Equal([name], clean.PullSecrets);
        Assert.Equal(isOne ? null : "pullSecrets", clean.Check().Failure?.Field);
        Assert.Equal([name], KubernetesTargetSettings.Read(clean.Write()).PullSecrets);
        Assert.Empty(KubernetesTargetSettings.Read("""{"namespace":"models"}""").PullSecrets);
    }
}
