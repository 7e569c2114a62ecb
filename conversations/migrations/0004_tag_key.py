from typing import Any

from django.db import migrations, models

from conversations.querysets import tag_key


def give_keys(apps: Any, schema_editor: Any) -> None:
    """Tags that turn out to be the same become one."""
    Tag = apps.get_model("conversations", "Tag")
    first: dict[tuple[Any, str], Any] = {}
    for tag in Tag.objects.order_by("pk"):
        tag.key = tag_key(tag.name)
        kept = first.setdefault((tag.business_id, tag.key), tag)
        if kept is tag:
            tag.save(update_fields=["key"])
        else:
            kept.conversations.add(*tag.conversations.all())
            tag.delete()
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the table can't be altered yet


class Migration(migrations.Migration):
    dependencies = [("conversations", "0003_attachments")]

    operations = [
        migrations.RemoveConstraint(model_name="tag", name="tag_name_unique"),
        migrations.AddField(
            model_name="tag",
            name="key",
            field=models.CharField(default="", editable=False, max_length=450),
            preserve_default=False,
        ),
        migrations.RunPython(give_keys, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.UniqueConstraint(fields=("business", "key"), name="tag_key_unique"),
        ),
    ]
