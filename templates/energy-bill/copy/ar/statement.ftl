# الفاتورة بصيغة PDF. النبرة: مهذّبة ومحايدة، جمل قصيرة، والأهم أولًا.

### المستند
statement-title = فاتورتكم من Brezza Energia
statement-running = فاتورة { $period_month }
statement-page = صفحة
statement-page-of = من
statement-details = بيانات الفاتورة
statement-to = المرسَل إليه

### باختصار
statement-heading = فاتورتكم عن { $period_month }
statement-greeting = مرحبًا { $given_name }، هنا كمية استهلاككم وتكلفتها وأسبابها.
statement-due = آخر موعد للدفع { $due_date }. تجدون طرق الدفع في الإطار «طرق الدفع».
statement-debit = لا حاجة إلى أي إجراء: سنخصم المبلغ في { $debit_date }.
statement-debit-account = من الحساب الذي ينتهي بالرقم { $iban_tail }
statement-credit = لا يوجد مبلغ للدفع: سنخصم هذا الرصيد من فاتورتكم القادمة.
statement-first = هذه فاتورتكم الأولى معنا، وشكرًا لاختياركم لنا. ابتداءً من الفاتورة القادمة ستظهر المقارنة بين الأشهر.

### الاستهلاك
statement-usage-heading = استهلاككم
statement-compare-up = زاد استهلاككم بنسبة { $usage_change_abs } عمّا كان قبل عام.
statement-compare-down = انخفض استهلاككم بنسبة { $usage_change_abs } عمّا كان قبل عام.
statement-compare-steady = استهلاككم قريب جدًا ممّا كان قبل عام.
statement-compare-first = بلغ استهلاككم في هذه الفترة { $usage_kwh }، بمتوسط { $daily_kwh } في اليوم.
statement-neighbours-above = وهو أعلى بنسبة { $neighbour_gap_abs } من استهلاك منازل مشابهة.
statement-neighbours-below = وهو أقل بنسبة { $neighbour_gap_abs } من استهلاك منازل مشابهة.
statement-this-period = هذه الفترة
statement-chart-title = الاستهلاك شهرًا بشهر
statement-chart-desc = رسم بياني بالأعمدة. القيم نفسها في الجدول المجاور.

### لماذا تغيّر المبلغ
statement-why-heading = لماذا تغيّر المبلغ
statement-why-up = المبلغ أعلى بمقدار { $bill_change_abs } من الفاتورة السابقة.
statement-why-down = المبلغ أقل بمقدار { $bill_change_abs } من الفاتورة السابقة.
statement-why-same = المبلغ قريب جدًا من مبلغ الفاتورة السابقة.
statement-effect-usage = فرق الكيلوواط ساعة بالسعر السابق
statement-effect-price = السعر الجديد على استهلاك هذه الفترة

### البنود
statement-lines-heading = بنود الفاتورة
statement-lines-note = أسعار الوحدة محسوبة لكل كيلوواط ساعة.
statement-green = تأتي نسبة { $green_share } من طاقتكم من مصادر متجددة.

### رسالة واقتراح
statement-note-heading = رسالة لكم
statement-offer-heading = فكرة لكم
statement-offer-app = يعرض تطبيق Brezza استهلاككم يومًا بيوم ويحفظ فواتيركم كلها في مكان واحد.
statement-offer-more = لمعرفة المزيد
statement-photo = صورتكم

### الدفع
statement-pay-due = طرق الدفع
statement-pay-debit = كيف تُدفع الفاتورة
statement-pay-credit = الخطوة التالية
statement-pay-online = عبر الإنترنت، بالبطاقة أو من الحساب:
statement-pay-online-link = صفحة الدفع
statement-pay-transfer = بالتحويل المصرفي: استخدموا البيانات المجاورة واذكروا المرجع.
statement-pay-switch = لتُدفع الفواتير تلقائيًا:
statement-pay-switch-link = تفعيل الخصم المباشر
statement-pay-debit-check = يُرجى التأكد من توفّر المبلغ في الحساب في ذلك اليوم. وإذا كانت البيانات غير صحيحة فأخبرونا قبل ذلك.
statement-pay-credit-transfer = هل تفضّلون تحويله إلى حسابكم؟ راسلونا وسنحوّله لكم.
statement-payee = المستفيد
statement-iban = رقم الحساب الدولي
statement-iban-value = IT60 X054 2811 1010 0000 0123 456
statement-reference = المرجع

### المساعدة
statement-help-heading = هل تحتاجون إلى مساعدة؟
statement-help-online = تجدون إجابات الأسئلة الشائعة على موقعنا في أي وقت.
statement-help-link = الأسئلة الشائعة
