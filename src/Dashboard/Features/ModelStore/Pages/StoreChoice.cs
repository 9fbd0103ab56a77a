using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Pages;

/// <summary>One answer to where a new version goes: the default, the default of an environment, or a certain store.</summary>
/// <param name="Value">What stands in the form.</param>
/// <param name="Text">What people read.</param>
internal sealed record StoreChoice(string Value, string Text)
{
    private const string ForEnvironment = "for:";

    /// <summary>The choices; none when there is only one store to take.</summary>
    public static IReadOnlyList<StoreChoice> Of(ModelStores stores)
    {
        var names = stores.Entries.Where(e => e.Row.RetiredAt is null).Select(e => e.Row.Name).ToList();
        if (names.Count < 2)
        {
            return [];
        }

        var environments = Enum.GetValues<StoreDefaultScope>().Where(s => s != StoreDefaultScope.Everything && stores.DefaultName(s) is not null);
        return
        [
            new("", $"The default ({stores.DefaultName(StoreDefaultScope.Everything)})"),
            .. environments.Select(s => new StoreChoice(ForEnvironment + s, $"The default {StoreWords.For(s)} ({stores.DefaultName(s)})")),
            .. names.Select(n => new StoreChoice(n, n)),
        ];
    }

    /// <summary>What a value of the form stands for.</summary>
    public static (string? Store, StoreDefaultScope? Environment) Read(string value) => value switch
    {
        "" => (null, null),
        _ when value.StartsWith(ForEnvironment, StringComparison.Ordinal) => (null, Enum.Parse<StoreDefaultScope>(value[ForEnvironment.Length..])),
        _ => (value, null),
    };
}
