using System.Reflection;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Design;
using Microsoft.Extensions.DependencyInjection;
using Ops.Data;

namespace Ops.Migrations;

/// <summary>Writes the migrations of one provider with EF Core's own generator.</summary>
/// <param name="Name">The provider's folder and namespace under src/Data/Migrations.</param>
/// <param name="Db">A context of the provider; no database is opened.</param>
/// <param name="DesignTime">The provider's part of the generator.</param>
internal sealed record Scaffold(string Name, RegistryDb Db, IDesignTimeServices DesignTime)
{
    private static readonly string Project = Path.Combine(FindRepository(), "src", "Data");

    private string Folder => Path.Combine(Project, "Migrations", Name);

    /// <summary>Compares the code with the newest migration and puts the difference into words of C#; nothing is written yet.</summary>
    /// <param name="migration">The name of the migration.</param>
    /// <param name="fromNothing">Whether to act as if there were no migrations yet.</param>
    /// <returns>Writes the files when called.</returns>
    public Action Prepare(string migration, bool fromNothing)
    {
        var services = new ServiceCollection();
        services.AddEntityFrameworkDesignTimeServices();
        services.AddDbContextDesignTimeServices(Db);
        DesignTime.ConfigureDesignTimeServices(services);
        if (fromNothing)
        {
            services.AddSingleton<IMigrationsAssembly, NoMigrations>();
        }

        using var provider = services.BuildServiceProvider();
        using var scope = provider.CreateScope();
        var scaffolder = scope.ServiceProvider.GetRequiredService<IMigrationsScaffolder>();
        var made = scaffolder.ScaffoldMigration(migration, "Ops.Data", $"Migrations.{Name}", "C#");
        return () => Write(made, fromNothing);
    }

    private void Write(ScaffoldedMigration made, bool fromNothing)
    {
        Directory.CreateDirectory(Folder);
        if (fromNothing)
        {
            foreach (var old in Directory.EnumerateFiles(Folder, "*.cs"))
            {
                File.Delete(old);
            }
        }

        File.WriteAllText(Path.Combine(Folder, made.MigrationId + made.FileExtension), made.MigrationCode);
        File.WriteAllText(Path.Combine(Folder, made.MigrationId + ".Designer" + made.FileExtension), made.MetadataCode);
        File.WriteAllText(Path.Combine(Folder, made.SnapshotName + made.FileExtension), made.SnapshotCode);
        Console.WriteLine($"{Name}: {made.MigrationId}");
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ops.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Run this from a build inside the repository: no Ops.sln above the program.");
    }

    /// <summary>Stands for a project without migrations, so that the first one can be written anew while the old one is still compiled in.</summary>
    private sealed class NoMigrations : IMigrationsAssembly
    {
        public IReadOnlyDictionary<string, TypeInfo> Migrations { get; } = new Dictionary<string, TypeInfo>();

        public ModelSnapshot? ModelSnapshot => null;

        public Assembly Assembly => typeof(RegistryDb).Assembly;

        public string? FindMigrationId(string nameOrId) => null;

        public Migration CreateMigration(TypeInfo migrationClass, string activeProvider) =>
            throw new InvalidOperationException("There are no migrations.");
    }
}
