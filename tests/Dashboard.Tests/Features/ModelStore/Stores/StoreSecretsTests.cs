using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.ModelStore.Stores;

namespace Ops.Dashboard.Tests.Features.ModelStore.Stores;

public sealed class StoreSecretsTests
{
    private static readonly Dictionary<string, string> Some = new() { ["accessKey"] = "a", ["secretKey"] = StoresWorld.Secret };

    [Fact]
    public async Task Unprotect_AfterARestartAndNewKeys_AndEvenRevokedOnes_StillReads()
    {
        await using var world = await StoresWorld.CreateAsync();
        var id = Guid.NewGuid();
        var text = world.Get<StoreSecrets>().Protect(id, Some);
        var keys = world.Get<IKeyManager>();
        keys.CreateNewKey(TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow().AddDays(90));
        keys.RevokeAllKeys(TimeProvider.System.GetUtcNow(), "a test");

        var after = world.Start().GetRequiredService<StoreSecrets>();

        Assert.Equal(Some, after.Unprotect(id, text));
        Assert.NotEqual(text, after.Protect(id, Some));
    }

    [Fact]
    public async Task Unprotect_AsAnotherStores_OrAltered_Throws()
    {
        await using var world = await StoresWorld.CreateAsync();
        var secrets = world.Get<StoreSecrets>();
        var id = Guid.NewGuid();
        var text = secrets.Protect(id, Some)!;
        Assert.DoesNotContain(StoresWorld.Secret, text, StringComparison.Ordinal);
        Assert.ThrowsAny<CryptographicException>(() => secrets.Unprotect(Guid.NewGuid(), text));
        Assert.ThrowsAny<CryptographicException>(() => secrets.Unprotect(id, text[..^8] + "AAAAAAA="));
        Assert.ThrowsAny<CryptographicException>(() => secrets.Unprotect(id, "not base64"));
        Assert.Null(secrets.Protect(id, new Dictionary<string, string>()));
        Assert.Empty(secrets.Unprotect(id, null));
    }
}
