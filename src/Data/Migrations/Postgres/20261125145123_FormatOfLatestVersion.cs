using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ops.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class FormatOfLatestVersion : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "LatestFormat",
                table: "Models",
                type: "character varying(63)",
                maxLength: 63,
                nullable: true,
                collation: "C");

            migrationBuilder.CreateIndex(
                name: "IX_Models_LatestFormat_Name",
                table: "Models",
                columns: new[] { "LatestFormat", "Name" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Models_LatestFormat_Name",
                table: "Models");

            migrationBuilder.DropColumn(
                name: "LatestFormat",
                table: "Models");
        }
    }
}
