using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore;

/// <summary>
/// The stores of this installation by name, as the registry has them. A store whose row changes is made anew; one that cannot be made
/// is there with the reason, so that it stops neither the start nor the others.
/// </summary>
internal sealed class ModelStores : IDisposable
{
    // What uses a store that was replaced may go on for a while, such as one large part.
    private static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    private readonly IDbContextFactory<RegistryDb> databases;
    private readonly Dictionary<string, IModelStoreKind> kinds = new(StringComparer.Ordinal);
    private readonly StoreSecrets secrets;
    private readonly TimeProvider time;
    private readonly ILogger<ModelStores> log;
    private readonly Lock gate = new();
    private readonly List<(IDisposable Store, DateTimeOffset Since)> replaced = [];
    private Snapshot? current;

    // Reads of the registry are numbered as they begin: whoever changed a row reads after that, with a higher number.
    private long reads;
    private long taken;

    /// <exception cref="InvalidOperationException">Two kinds have the same name.</exception>
    public ModelStores(IDbContextFactory<RegistryDb> databases, IEnumerable<IModelStoreKind> kinds, StoreSecrets secrets, TimeProvider time, ILogger<ModelStores> log)
    {
        (this.databases, this.secrets, this.time, this.log) = (databases, secrets, time, log);
        foreach (var kind in kinds)
        {
            if (!this.kinds.TryAdd(kind.Kind, kind))
            {
                throw new InvalidOperationException($"There are two kinds of model stores called '{kind.Kind}'.");
            }
        }
    }

    /// <summary>Raised, on no particular thread, when stores or defaults have changed.</summary>
    public event Action? Changed;

    /// <summary>Where new versions go when nothing else is said.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be used.</exception>
    public IModelStore Default => Usable(Now.DefaultOf(StoreDefaultScope.Everything), "The default model store");

    /// <summary>All that are in use and can be made.</summary>
    public IReadOnlyCollection<IModelStore> All => [.. Now.Entries.Where(e => e.Row.RetiredAt is null).Select(e => e.Store).OfType<IModelStore>()];

    /// <summary>All of the registry in order of name, retired ones and ones that cannot be made too.</summary>
    public IReadOnlyList<StoreEntry> Entries => Now.Entries;

    private Snapshot Now => Volatile.Read(ref current) ?? Load();

    /// <summary>The store a version or an upload names, retired or not.</summary>
    /// <exception cref="StoreUnavailableException">There is none, or it cannot be made.</exception>
    public IModelStore Get(string name) => Usable(Now.Find(name), $"The model store '{name}'");

    /// <summary>The same without an exception.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out IModelStore? store) => (store = Now.Find(name)?.Store) is not null;

    /// <summary>Chooses where a new version goes: the store that was asked for, else the default of its environment, else the default.</summary>
    /// <param name="name">The store somebody chose, or null.</param>
    /// <param name="scope">The environment that the version is meant for, if that is known.</param>
    public Result<IModelStore> Choose(string? name, StoreDefaultScope? scope = null)
    {
        var now = Now;
        var entry = string.IsNullOrEmpty(name) ? now.DefaultOf(scope ?? StoreDefaultScope.Everything) ?? now.DefaultOf(StoreDefaultScope.Everything) : now.Find(name);
        if (entry is null || entry.Row.RetiredAt is not null)
        {
            return Failure.Invalid("There is no such model store. Choose another one.", "store");
        }

        return entry.Store is { } store
            ? Result.Of(store)
            : Failure.Unavailable($"The model store '{entry.Row.Name}' cannot be used right now. Ask an administrator, or choose another one.");
    }

    /// <summary>The default of a scope by name, or null when the scope has none of its own.</summary>
    public string? DefaultName(StoreDefaultScope scope) => Now.DefaultOf(scope)?.Row.Name;

    /// <summary>Makes a store that is not, or not like this, in the registry: to try settings before they are saved.</summary>
    public Result<IModelStore> Make(string kind, string name, string settingsJson, IReadOnlyDictionary<string, string> secretValues) =>
        kinds.TryGetValue(kind, out var made) ? made.Create(name, settingsJson, secretValues) : Failure.Invalid($"This program has no model stores of the kind '{kind}'.", "kind");

    /// <summary>Reads the registry and makes anew what has changed.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        var read = Interlocked.Increment(ref reads);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.Stores.AsNoTracking().OrderBy(s => s.Name).ToListAsync(cancellation);
        var defaults = await db.StoreDefaults.AsNoTracking().ToDictionaryAsync(d => d.Scope, d => d.StoreId, cancellation);
        Take(read, rows, defaults);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var store in replaced.Select(r => r.Store).Concat(current?.Entries.Select(e => e.Store).OfType<IDisposable>() ?? []))
            {
                store.Dispose();
            }

            replaced.Clear();
        }
    }

    private static IModelStore Usable(StoreEntry? entry, string what) => entry switch
    {
        null => throw new StoreUnavailableException(StoreProblem.NoSuchPlace, $"{what} is not configured."),
        { Store: { } store } => store,
        _ => throw new StoreUnavailableException(StoreProblem.Refused, $"{what} cannot be used: {entry.Problem}"),
    };

    // Whoever asks before the first refresh waits for it; that is once in the life of a process.
    private Snapshot Load()
    {
        lock (gate)
        {
            if (current is { } known)
            {
                return known;
            }

            var read = Interlocked.Increment(ref reads);
            using var db = databases.CreateDbContext();
            Take(read, [.. db.Stores.AsNoTracking().OrderBy(s => s.Name)], db.StoreDefaults.AsNoTracking().ToDictionary(d => d.Scope, d => d.StoreId));
            return current!;
        }
    }

    private void Take(long read, List<Store> rows, Dictionary<StoreDefaultScope, Guid> defaults)
    {
        bool changed;
        lock (gate)
        {
            // A refresh that read earlier and came later must not undo one that saw more.
            if (read < taken)
            {
                return;
            }

            taken = read;
            var before = current?.ById ?? [];
            var entries = rows.Select(row => before.TryGetValue(row.Id, out var known) && known.Row.Revision == row.Revision && known.Store is not null ? known : Make(row)).ToList();
            foreach (var gone in before.Values.Where(known => known.Store is IDisposable && !entries.Exists(e => ReferenceEquals(e.Store, known.Store))))
            {
                replaced.Add(((IDisposable)gone.Store!, time.GetUtcNow()));
            }

            Release();
            changed = current is null || !current.DefaultsEqual(defaults)
                || entries.Count != before.Count || entries.Exists(e => !before.TryGetValue(e.Row.Id, out var known) || known.Row.Revision != e.Row.Revision || known.Problem != e.Problem);
            foreach (var broken in entries.Where(e => e.Problem is not null && before.GetValueOrDefault(e.Row.Id)?.Problem != e.Problem))
            {
                log.StoreNotMade(broken.Row.Name, broken.Problem!);
            }

            Volatile.Write(ref current, new Snapshot(entries, defaults));
        }

        if (changed)
        {
            Changed?.Invoke();
        }
    }

    private StoreEntry Make(Store row)
    {
        try
        {
            var made = Make(row.Kind, row.Name, row.SettingsJson, secrets.Unprotect(row.Id, row.ProtectedSecrets));
            return made.Succeeded ? new(row, made.Value, null) : new(row, null, made.Failure.Message);
        }
        catch (CryptographicException)
        {
            return new(row, null, "Its secrets cannot be read: they were encrypted with keys that are not at hand. Enter the secrets anew, or restore the keys.");
        }
        catch (Exception exception)
        {
            // Whatever one store does while it is made, the others are there.
            return new(row, null, exception.Message);
        }
    }

    private void Release()
    {
        var before = time.GetUtcNow() - Grace;
        foreach (var (store, _) in replaced.Where(r => r.Since < before))
        {
            store.Dispose();
        }

        replaced.RemoveAll(r => r.Since < before);
    }

    private sealed class Snapshot(IReadOnlyList<StoreEntry> entries, IReadOnlyDictionary<StoreDefaultScope, Guid> defaults)
    {
        public IReadOnlyList<StoreEntry> Entries => entries;

        public Dictionary<Guid, StoreEntry> ById { get; } = entries.ToDictionary(e => e.Row.Id);

        public StoreEntry? Find(string name) => entries.FirstOrDefault(e => e.Row.Name == name);

        public StoreEntry? DefaultOf(StoreDefaultScope scope) => defaults.TryGetValue(scope, out var id) ? ById.GetValueOrDefault(id) : null;

        public bool DefaultsEqual(Dictionary<StoreDefaultScope, Guid> others) =>
            defaults.Count == others.Count && defaults.All(d => others.TryGetValue(d.Key, out var id) && id == d.Value);
    }
}
