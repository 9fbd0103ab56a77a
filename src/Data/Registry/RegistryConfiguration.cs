using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ops.Data.Registry;

internal sealed class ModelConfiguration : IEntityTypeConfiguration<Model>
{
    public void Configure(EntityTypeBuilder<Model> builder)
    {
        builder.Property(m => m.Id).ValueGeneratedNever();
        builder.Property(m => m.Name).HasMaxLength(Names.MaxLength);
        builder.Property(m => m.Revision).IsConcurrencyToken();
        builder.HasIndex(m => m.Name).IsUnique();
        builder.HasIndex(m => new { m.UpdatedAt, m.Id });
    }
}

internal sealed class ModelVersionConfiguration : IEntityTypeConfiguration<ModelVersion>
{
    public void Configure(EntityTypeBuilder<ModelVersion> builder)
    {
        builder.Property(v => v.Id).ValueGeneratedNever();
        builder.Property(v => v.Revision).IsConcurrencyToken();
        builder.HasIndex(v => new { v.ModelId, v.Number }).IsUnique();
        builder.HasIndex(v => v.Digest);
        builder.HasOne<Model>().WithMany().HasForeignKey(v => v.ModelId).OnDelete(DeleteBehavior.Restrict);
        builder.HasMany(v => v.Files).WithOne().HasForeignKey(f => f.VersionId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class VersionFileConfiguration : IEntityTypeConfiguration<VersionFile>
{
    public void Configure(EntityTypeBuilder<VersionFile> builder)
    {
        builder.HasKey(f => new { f.VersionId, f.Path });
        builder.HasIndex(f => f.ObjectId);
    }
}

internal sealed class ModelAliasConfiguration : IEntityTypeConfiguration<ModelAlias>
{
    public void Configure(EntityTypeBuilder<ModelAlias> builder)
    {
        builder.HasKey(a => new { a.ModelId, a.Name });
        builder.HasIndex(a => a.VersionId);
        builder.HasOne<Model>().WithMany().HasForeignKey(a => a.ModelId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<ModelVersion>().WithMany().HasForeignKey(a => a.VersionId).OnDelete(DeleteBehavior.Restrict);
    }
}
